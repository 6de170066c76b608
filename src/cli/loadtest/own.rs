//! Servers of the load test's own: children of this process, each on one core where the machine can do that.

use crate::cli::Failure;
use crate::rpc::client::Client;
use crate::rpc::proto;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(60);

/// A server that ends with this value, and its files with it.
pub(super) struct Own {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
    directory: Option<PathBuf>,
}

impl Own {
    /// The decision service, on a new store in `directory`, which is removed in the end. `core`: pinned to it, with one
    /// worker. `more`: further arguments.
    pub fn durable(directory: &Path, core: Option<usize>, more: &[&str]) -> Result<Self, Failure> {
        let place = directory.join(format!("aval-loadtest-{}", std::process::id()));
        std::fs::create_dir_all(&place).map_err(|error| Failure::input(&place, error))?;
        let store = format!("sqlite:{}", place.join("aval.db").display());
        let mut arguments = vec!["serve".to_owned(), "--store".into(), store];
        if core.is_some() {
            arguments.extend(["--workers".into(), "1".into()]);
        }
        let (addr, http) = (free()?, free()?);
        arguments.extend(["--grpc-addr".into(), addr.to_string(), "--http-addr".into(), http.to_string()]);
        arguments.extend(["--clock".into(), "system".into()]);
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        Self::start(&arguments, addr, core, Some(place))
    }

    /// The empty service, which answers with the message in the file `answer`.
    pub fn empty(answer: &Path, core: Option<usize>) -> Result<Self, Failure> {
        let addr = free()?;
        let answer = answer.display().to_string();
        Self::start(
            &["bench-server".into(), "--addr".into(), addr.to_string(), "--answer".into(), answer],
            addr,
            core,
            None,
        )
    }

    fn start(
        arguments: &[String],
        addr: SocketAddr,
        core: Option<usize>,
        directory: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        let mut command = match core {
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", &core.to_string()]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.args(arguments).env("AVAL_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null());
        let mut own = Self { child: command.spawn()?, addr, directory };
        let until = Instant::now() + START;
        while TcpStream::connect(addr).is_err() {
            if own.child.try_wait()?.is_some() {
                return Err(Failure::failed("the server ended before it listened: it says why above"));
            }
            if Instant::now() > until {
                return Err(Failure::failed("the server did not listen within a minute"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(own)
    }

    /// The CPU time that the server has used on all its threads, where the system tells it.
    pub fn cpu_time(&self) -> Option<Duration> {
        cpu_time(self.child.id())
    }

    /// How much memory the server has in use, in KiB, where the system tells it.
    pub fn memory_kib(&self) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
    }

    /// The answer to one purchase.
    pub fn ask(&self, request: proto::DecideRequest) -> Result<proto::Application, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let server = format!("http://{}", self.addr);
        Ok(runtime.block_on(async { Client::connect(&server, None).await?.decide(request).await })?.0)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // What cannot be killed has ended; what cannot be removed was not made.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(directory) = &self.directory {
            let _ = std::fs::remove_dir_all(directory);
        }
    }
}

/// The CPU time that the living threads of a process have used, where the system tells it.
fn cpu_time(process: u32) -> Option<Duration> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).ok()?;
    let used = threads.flatten().filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Some(Duration::from_nanos(used.sum()))
}

/// How long a core has been idle since the machine started, where the system tells it.
pub(super) fn idle_time(core: usize) -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("cpu{core} ")))?;
    let ticks: u64 = line.split_whitespace().nth(3)?.parse().ok()?;
    // Linux tells a hundredth of a second in one tick (USER_HZ).
    Some(Duration::from_millis(ticks * 10))
}

/// A port of this machine that nobody listens on.
fn free() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Whether a process can be kept on one core here: two cores, and the program that does it.
pub(super) fn can_pin() -> bool {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let found = Command::new("taskset").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    cores >= 2 && found.is_ok_and(|status| status.success())
}

/// Keeps this process on a core.
pub(super) fn pin_self(core: usize) -> bool {
    let process = std::process::id().to_string();
    let mut command = Command::new("taskset");
    command.args(["--all-tasks", "--cpu-list", "--pid", &core.to_string(), &process]);
    command.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}
