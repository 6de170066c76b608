use super::*;
use crate::notice::smtp::{Settings, Smtp, Tls};
use crate::notice::{Mail, MailError, Mailer};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn settings(addr: SocketAddr) -> Settings {
    Settings {
        host: addr.ip().to_string(),
        port: addr.port(),
        tls: Tls::None,
        username: String::new(),
        password: SecretString::from(""),
        from: "payments@aval.example".into(),
    }
}

fn mail(to: &str) -> Mail {
    Mail {
        to: to.into(),
        reply_to: Some("help@shop.example".into()),
        from_name: "Le Vélo, vert".into(),
        subject: "Échéance à venir : 12,50\u{a0}€".into(),
        html: "<!DOCTYPE html><html><head></head><body><p>1\u{202f}234,50\u{a0}€</p></body></html>".into(),
        text: "Été.\n.\n..deux points\n\u{a0}€\n".into(),
        message_id: "0192.1".into(),
    }
}

/// What comes back over a plain connection for these lines.
async fn talk(addr: SocketAddr, lines: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(lines.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_sent() {
    let running = start(0, 0).await.unwrap();
    let smtp = Smtp::new(&settings(running.smtp_addr)).unwrap();
    smtp.send(&mail("ada@shop.example")).await.unwrap();
    smtp.send(&mail("bob@shop.example")).await.unwrap();
    let caught = running.catcher.mails();
    let (sent, first) = (mail("ada@shop.example"), &caught[0]);
    assert_eq!((caught.len(), first.id, caught[1].to.as_slice()), (2, 1, ["bob@shop.example".to_owned()].as_slice()));
    assert_eq!(
        (&*first.from, first.to.as_slice()),
        ("payments@aval.example", ["ada@shop.example".to_owned()].as_slice())
    );
    assert_eq!((&*first.subject, &*first.html), (&*sent.subject, &*sent.html));
    assert_eq!(first.text.replace("\r\n", "\n"), &*sent.text);
    assert_eq!(first.sender, "Le Vélo, vert <payments@aval.example>");
    assert_eq!((&*first.reply_to, &*first.message_id), ("help@shop.example", "0192.1@aval.example"));
    let source = String::from_utf8_lossy(&first.source);
    assert!(source.contains("Auto-Submitted: auto-generated") && source.is_ascii(), "{source}");
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let running = start(0, 0).await.unwrap();
    let smtp = Smtp::new(&settings(running.smtp_addr)).unwrap();
    let send = async |to: &str| smtp.send(&mail(to)).await;
    assert!(matches!(send("bounces@shop.example").await, Err(MailError::Permanent(_))));
    assert!(matches!(send("later@shop.example").await, Err(MailError::Retryable(_))));
    assert!(matches!(send("once@shop.example").await, Err(MailError::Retryable(_))));
    assert_eq!(send("once@shop.example").await, Ok(()));
    assert!(matches!(send("not an address").await, Err(MailError::Permanent(_))));
    assert_eq!(running.catcher.mails().len(), 1);
    let addr = running.smtp_addr;
    drop(running);
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    assert_ne!(addr, nobody);
    let smtp = Smtp::new(&settings(nobody)).unwrap();
    assert!(matches!(smtp.send(&mail("ada@shop.example")).await, Err(MailError::Retryable(_))), "nobody listens");
}

#[tokio::test]
async fn no_mail_goes_without_the_tls_that_is_asked_for() {
    let running = start(0, 0).await.unwrap();
    for tls in [Tls::StartTls, Tls::Tls] {
        let smtp = Smtp::new(&Settings { tls, ..settings(running.smtp_addr) }).unwrap();
        let sent = smtp.send(&mail("ada@shop.example")).await;
        assert!(matches!(sent, Err(MailError::Retryable(_))), "{tls}: {sent:?}");
    }
    assert!(running.catcher.mails().is_empty());
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_in_time() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let smtp = Smtp::new(&settings(listener.local_addr().unwrap())).unwrap();
    let from = tokio::time::Instant::now();
    let sent = smtp.send(&mail("ada@shop.example")).await;
    assert_eq!(sent, Err(MailError::Retryable("the mail server took too long")));
    assert!(from.elapsed() < Duration::from_secs(14), "{:?}", from.elapsed());
}

#[tokio::test]
async fn the_protocol_in_and_out_of_order() {
    let running = start(0, 0).await.unwrap();
    let said = talk(
        running.smtp_addr,
        "HELO x\r\nRCPT TO:<a@b.example>\r\nDATA\r\nMAIL TO:<a@b.example>\r\nMAIL FROM:<>\r\nRCPT TO:<nobody>\r\n\
         MAIL FROM:<x@y.example>\r\nRCPT TO:<a@b.example>\r\nRSET\r\nDATA\r\nNOOP\r\nVRFY a\r\nmail from:<> SIZE=9\r\n\
         rcpt to:<A@b.example>\r\nDATA\r\nSubject: dots\r\n\r\n..\r\n...x\r\n.\r\nQUIT\r\n",
    )
    .await;
    let codes: Vec<&str> = said.lines().map(|line| &line[..3]).collect();
    let expected = "220 250 503 503 501 250 501 503 250 250 503 250 500 250 250 354 250 221";
    assert_eq!(codes.join(" "), expected, "{said}");
    let mails = running.catcher.mails();
    assert_eq!((mails.len(), &*mails[0].text), (1, ".\r\n..x\r\n"));
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let running = start(0, 0).await.unwrap();
    let begin = "HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n";
    let said =
        talk(running.smtp_addr, &format!("{begin}{}.\r\nQUIT\r\n", "x".repeat(1_000).add_line().repeat(1_100))).await;
    assert!(said.contains("552 ") && said.ends_with("221 2.0.0 good bye\r\n"), "{said}");
    let many = "RCPT TO:<a@b.example>\r\n".repeat(21);
    let said = talk(running.smtp_addr, &format!("HELO x\r\nMAIL FROM:<>\r\n{many}QUIT\r\n")).await;
    assert!(said.contains("452 "), "{said}");
    assert!(running.catcher.mails().is_empty());
}

trait AddLine {
    fn add_line(self) -> String;
}

impl AddLine for String {
    fn add_line(mut self) -> String {
        self.push_str("\r\n");
        self
    }
}

#[tokio::test]
async fn mails_are_shown_behind_glass() {
    let running = start(0, 0).await.unwrap();
    let smtp = Smtp::new(&settings(running.smtp_addr)).unwrap();
    let evil = Mail { subject: "<script>alert(1)</script>".into(), ..mail("ada@shop.example") };
    smtp.send(&evil).await.unwrap();
    let addr: SocketAddr = running.url.strip_prefix("http://").unwrap().parse().unwrap();
    let get =
        async |path: &str| talk(addr, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
    let list = get("/").await;
    assert!(list.contains("&lt;script&gt;alert(1)") && !list.contains("<script>"), "{list}");
    let page = get("/mails/1").await;
    assert!(page.contains("<iframe") && page.contains("sandbox=\"allow-top-navigation-by-user-activation\""), "{page}");
    let html = get("/mails/1/html").await;
    assert!(
        html.contains("default-src 'none'") && html.contains("sandbox allow-top") && html.contains("234,50"),
        "{html}"
    );
    assert!(get("/mails/1/text").await.contains("..deux points"));
    assert!(get("/mails/1/source").await.contains("Message-ID: <0192.1@aval.example>"));
    assert!(get("/mails.json").await.contains("\"to\":[\"ada@shop.example\"]"));
    assert!(get("/mails/2").await.starts_with("HTTP/1.1 404"));
    assert!(talk(addr, "DELETE /mails.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.contains("204"));
    assert!(running.catcher.mails().is_empty());
}
