//! One conversation by SMTP (RFC 5321), as far as senders need it. Every size and every wait has a bound.

use super::Catcher;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The longest line, its end included. RFC 5321 asks for 1,000; some senders write longer ones.
const MAX_LINE: u64 = 4_096;
/// The largest mail, in bytes.
const MAX_MAIL: usize = 1 << 20;
/// The most recipients of one mail.
const MAX_RECIPIENTS: usize = 20;
/// The most commands of one conversation.
const MAX_COMMANDS: usize = 1_000;
/// How long a client may think.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the client said so far of the mail it is about to send.
#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

/// Talks until the client is done, breaks off or thinks for too long.
pub(super) async fn talk(stream: TcpStream, catcher: &Catcher) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 localhost mail catcher").await?;
    let mut envelope = Envelope::default();
    for _ in 0..MAX_COMMANDS {
        let Some(line) = line(&mut stream).await? else { return Ok(()) };
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "QUIT" => return say(&mut stream, "221 2.0.0 good bye").await,
            "DATA" if envelope.to.is_empty() => say(&mut stream, "503 5.5.1 recipients first").await?,
            "DATA" => {
                say(&mut stream, "354 end with a line that is a dot").await?;
                let Envelope { from, to } = std::mem::take(&mut envelope);
                match data(&mut stream).await? {
                    Some(source) => {
                        let id = catcher.catch(from.unwrap_or_default(), to, source);
                        say(&mut stream, &format!("250 2.0.0 caught as {id}")).await?;
                    }
                    None => say(&mut stream, "552 5.3.4 the mail is too large").await?,
                }
            }
            verb => {
                let answer = answer(verb, rest, &mut envelope, catcher);
                say(&mut stream, answer).await?;
            }
        }
    }
    say(&mut stream, "421 4.7.0 too many commands").await
}

/// What is said to a command that needs nothing but the envelope.
fn answer(verb: &str, rest: &str, envelope: &mut Envelope, catcher: &Catcher) -> &'static str {
    match verb {
        "HELO" | "EHLO" => {
            *envelope = Envelope::default();
            if verb == "HELO" { "250 localhost" } else { "250-localhost\r\n250-8BITMIME\r\n250 SIZE 1048576" }
        }
        "MAIL" if envelope.from.is_some() => "503 5.5.1 one sender",
        "MAIL" => match path(rest, "FROM:") {
            Some(from) => {
                envelope.from = Some(from);
                "250 2.1.0 go on"
            }
            None => "501 5.5.4 expected MAIL FROM:<address>",
        },
        "RCPT" if envelope.from.is_none() => "503 5.5.1 the sender first",
        "RCPT" if envelope.to.len() == MAX_RECIPIENTS => "452 4.5.3 too many recipients",
        "RCPT" => match path(rest, "TO:").filter(|to| to.contains('@')) {
            Some(to) => match catcher.receives(&to) {
                Ok(()) => {
                    envelope.to.push(to);
                    "250 2.1.5 go on"
                }
                Err(refusal) => refusal,
            },
            None => "501 5.5.4 expected RCPT TO:<address>",
        },
        "RSET" => {
            *envelope = Envelope::default();
            "250 2.0.0 forgotten"
        }
        "NOOP" => "250 2.0.0 nothing done",
        _ => "500 5.5.1 not known here",
    }
}

/// The address of `FROM:<address> PARAMETERS`.
fn path(rest: &str, before: &str) -> Option<String> {
    let (start, rest) = rest.split_at_checked(before.len())?;
    let (address, _) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
    (start.eq_ignore_ascii_case(before) && address.len() <= 254).then(|| address.to_owned())
}

/// The mail, its doubled dots undone; `None`: too large, and read to its end all the same.
async fn data(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let (mut source, mut read) = (Vec::new(), 0);
    loop {
        let Some(line) = line(stream).await? else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        if line == b".\r\n" || line == b".\n" {
            return Ok((read <= MAX_MAIL).then_some(source));
        }
        read += line.len();
        if read > 10 * MAX_MAIL {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if read <= MAX_MAIL {
            source.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}

/// A line with its end; `None`: the client has gone.
async fn line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut bounded = stream.take(MAX_LINE);
    let read = tokio::time::timeout(PATIENCE, bounded.read_until(b'\n', &mut line));
    let read = read.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    match (read, line.last()) {
        (0, _) => Ok(None),
        (_, Some(b'\n')) => Ok(Some(line)),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "a line without an end")),
    }
}

async fn say(stream: &mut BufReader<TcpStream>, text: &str) -> io::Result<()> {
    let line = format!("{text}\r\n");
    let written = tokio::time::timeout(PATIENCE, stream.get_mut().write_all(line.as_bytes()));
    written.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}
