//! A real server in its own process, on free ports and a store of its own, and clients that talk to it.

use aval::rpc::proto::decision_service_client::DecisionServiceClient;
use aval::rpc::proto::{self, DecideRequest};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tonic::transport::Channel;

/// A running server. Dropping it kills it, as `kill -9` does.
pub struct Server {
    child: Child,
    pub grpc: String,
    pub http: String,
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The root of the project, where models and policies are.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `aval serve` with the shipped models and policy, ready to be given more arguments.
pub fn serve_command(grpc_port: u16, http_port: u16, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aval"));
    command
        .current_dir(root())
        .env("AVAL_GRPC_ADDR", format!("127.0.0.1:{grpc_port}"))
        .env("AVAL_HTTP_ADDR", format!("127.0.0.1:{http_port}"))
        .env("AVAL_LOG", "warn")
        .arg("serve")
        .args(arguments)
        .stdin(Stdio::null());
    command
}

impl Server {
    /// Starts a server and waits until it answers; panics with what it printed if it does not.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_at((free_port(), free_port()), arguments, &[])
    }

    /// Starts a server on these ports, with these settings in its environment.
    pub fn start_at(ports: (u16, u16), arguments: &[&str], settings: &[(String, String)]) -> Self {
        let (grpc_port, http_port) = ports;
        let mut command = serve_command(grpc_port, http_port, arguments);
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        let mut server = Self {
            child,
            grpc: format!("http://127.0.0.1:{grpc_port}"),
            http: format!("http://127.0.0.1:{http_port}"),
        };
        let until = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", grpc_port)).is_err() {
            if let Some(status) = server.child.try_wait().unwrap() {
                panic!("the server ended with {status} before it listened (arguments {arguments:?})");
            }
            assert!(Instant::now() < until, "the server did not listen within a minute");
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    pub async fn channel(&self) -> Channel {
        Channel::from_shared(self.grpc.clone()).unwrap().connect().await.unwrap()
    }

    pub async fn client(&self) -> DecisionServiceClient<Channel> {
        DecisionServiceClient::new(self.channel().await)
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A place for one test's files, and the store in it.
pub struct Place(pub tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn store(&self) -> String {
        format!("sqlite:{}", self.path("aval.db").display())
    }
}

/// A key of a merchant with a role, in the store of a place.
pub fn create_key(place: &Place, merchant: &str, role: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aval"));
    command.args(["keys", "create", "--merchant", merchant, "--role", role, "--json", "--store", &place.store()]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    printed["key"].as_str().unwrap().to_owned()
}

/// A plain purchase of 120 EUR in 3 instalments; tests change what they are about.
pub fn decide_request(request_id: &str, customer_id: &str, card: &str) -> DecideRequest {
    let address = proto::Address {
        line1: "12 rue du Bac".into(),
        city: "Paris".into(),
        postal_code: "75007".into(),
        country: "FR".into(),
        ..Default::default()
    };
    DecideRequest {
        request_id: request_id.into(),
        purchase: Some(proto::Purchase {
            amount: Some(proto::Money { amount_minor: 12_000, currency: "EUR".into() }),
            plan: Some(proto::PlanChoice { instalment_count: 3, ..Default::default() }),
            billing_address: Some(address.clone()),
            shipping_address: Some(address),
            card: Some(proto::Card { fingerprint: card.into(), bin_country: "FR".into(), funding: "debit".into() }),
            ..Default::default()
        }),
        customer: Some(proto::Customer {
            customer_id: customer_id.into(),
            given_name: "Ada".into(),
            family_name: "Martin".into(),
            email: format!("{customer_id}@example.org"),
            phone: "+33612345678".into(),
            ..Default::default()
        }),
        ..Default::default()
    }
}
