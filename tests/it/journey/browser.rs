//! A browser without scripts: it gets pages over a socket, fills in their forms and follows where they lead.

use super::world::World;
use aval::web;
use metrics_exporter_prometheus::PrometheusBuilder;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A browser, and the server that it talks to.
pub struct Browser {
    addr: SocketAddr,
    server: Option<web::Running>,
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The first link that begins so.
    pub fn link(&self, beginning: &str) -> &str {
        let found = self.body.split("href=\"").skip(1).find(|rest| rest.starts_with(beginning));
        let found = found.and_then(|rest| rest.split('"').next());
        found.unwrap_or_else(|| panic!("no link to {beginning} in {}", self.body))
    }

    /// The action of a form, and what is sent there with some fields filled in otherwise.
    pub fn filled(&self, step: &str, fields: &[(&str, &str)]) -> (String, String) {
        let (action, mut filled) = self.form(step);
        filled.retain(|(name, _)| !fields.iter().any(|(other, _)| other == name));
        filled.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        (action, form_urlencoded::Serializer::new(String::new()).extend_pairs(filled).finish())
    }

    /// The action and the hidden fields of the form whose action ends so, before its query.
    fn form(&self, ending: &str) -> (String, Vec<(String, String)>) {
        let attribute = |tag: &str, name: &str| {
            let value = tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
            Some(value.replace("&amp;", "&"))
        };
        for form in self.body.split("<form ").skip(1).filter_map(|rest| rest.split("</form>").next()) {
            let action = attribute(form, "action").expect("a form has an action");
            if action.split('?').next().is_some_and(|path| path.ends_with(ending)) {
                let hidden = form.split("<input type=\"hidden\" ").skip(1);
                let fields = hidden.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)));
                return (action, fields.collect());
            }
        }
        panic!("no form for {ending} in {}", self.body)
    }
}

impl Browser {
    /// Serves a world's pages.
    pub fn new(world: &World) -> Self {
        let listener = web::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let server = web::start(listener, metrics, world.engine.clone()).unwrap();
        Self { addr: server.addr, server: Some(server) }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\n"), "").await
    }

    pub async fn post(&self, path: &str, body: &str) -> Answer {
        let kind = "Content-Type: application/x-www-form-urlencoded";
        self.ask(&format!("POST {path} HTTP/1.1\r\n{kind}\r\nContent-Length: {}\r\n", body.len()), body).await
    }

    /// Sends a form of a page, some fields filled in otherwise, and follows where that leads.
    pub async fn submit(&self, page: &Answer, step: &str, fields: &[(&str, &str)]) -> Answer {
        let (action, body) = page.filled(step, fields);
        let answer = self.post(&action, &body).await;
        match answer.header("location") {
            Some(place) if answer.status == 303 => self.get(place).await,
            _ => answer,
        }
    }

    /// What a path answers with, head and all, where it need not be text.
    pub async fn get_bytes(&self, path: &str) -> String {
        self.exchange(&format!("GET {path} HTTP/1.1\r\n"), "").await
    }

    async fn ask(&self, head: &str, body: &str) -> Answer {
        let answer = self.exchange(head, body).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {head}: {answer}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Answer { status, headers, body: body.to_owned() }
    }

    async fn exchange(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        let request = format!("{head}Host: pay.example\r\nAccept-Language: fr\r\nConnection: close\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        // A server that refuses a body may close before it has read all of it.
        let _ = stream.read_to_end(&mut bytes).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.server.take().into_iter().for_each(web::Running::stop);
    }
}
