//! Sends load and measures. Open loop: calls are due at fixed times whatever the server does, and each call's latency
//! counts from when it was due, so that a server that stalls does not hide the calls that it kept from being sent
//! (coordinated omission; Tene, "How not to measure latency"). Closed loop: a fixed number of calls is under way.

use super::requests::Requests;
use super::wire::{self, Ended};
use hdrhistogram::Histogram;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest latency that is told apart, in microseconds: a minute.
const LONGEST_US: u64 = 60_000_000;
/// The most calls that one connection has under way in the open loop; servers allow a little more.
const MOST_UNDER_WAY: usize = 1_000;
/// How long the last answers are waited for.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// How load is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Loop {
    /// So many calls a second, whatever the server does.
    Open {
        /// Calls a second, over all connections.
        rate: f64,
    },
    /// So many calls under way on each connection.
    Closed {
        /// On each connection.
        streams: usize,
    },
}

/// What is sent, where and for how long.
#[derive(Debug, Clone)]
pub(super) struct Load<'a> {
    pub addr: SocketAddr,
    pub path: &'a str,
    pub api_key: Option<&'a str>,
    pub connections: usize,
    pub kind: Loop,
    /// Before anything is measured.
    pub warm_up: Duration,
    /// While it is measured.
    pub duration: Duration,
    /// Sets the ids of this run apart.
    pub run: &'a str,
}

/// What was measured.
#[derive(Debug)]
pub(super) struct Measured {
    /// Calls answered with a message while it was measured.
    pub answered: u64,
    /// Calls that ended with an error, at any time.
    pub failed: u64,
    /// Calls that had no answer when the wait for it was over.
    pub unanswered: u64,
    /// Calls answered in a second.
    pub per_second: f64,
    /// Latencies in microseconds.
    pub latency: Histogram<u64>,
}

impl Measured {
    /// A quantile of the latencies, in milliseconds.
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1_000.0
    }
}

/// When what is counted.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Instant,
    to: Instant,
}

/// What one connection saw.
struct Seen {
    span: Span,
    answered: u64,
    failed: u64,
    latency: Histogram<u64>,
}

impl Seen {
    fn count(&mut self, ended: Ended, now: Instant) {
        if !ended.answered {
            self.failed += 1;
            return;
        }
        self.answered += u64::from((self.span.from..self.span.to).contains(&now));
        // A call that was due in the span counts whenever it ends; one that was due before does not.
        if (self.span.from..self.span.to).contains(&ended.due) {
            let us = now.saturating_duration_since(ended.due).as_micros() as u64;
            self.latency.saturating_record(us);
        }
    }
}

/// Sends the load and waits for its end.
pub(super) fn drive(load: &Load<'_>) -> io::Result<Measured> {
    let begin = Instant::now();
    let span = Span { from: begin + load.warm_up, to: begin + load.warm_up + load.duration };
    let each = std::thread::scope(|scope| {
        let run = |at| scope.spawn(move || connection(load, span, begin, at));
        let threads: Vec<_> = (0..load.connections).map(run).collect();
        let joined =
            threads.into_iter().map(|thread| thread.join().map_err(|_| io::Error::other("a sender ended early")));
        joined.map(|seen| seen?).collect::<io::Result<Vec<_>>>()
    })?;
    let mut sum = Measured { answered: 0, failed: 0, unanswered: 0, per_second: 0.0, latency: histogram()? };
    for (seen, unanswered) in each {
        sum.answered += seen.answered;
        sum.failed += seen.failed;
        sum.unanswered += unanswered;
        sum.latency.add(seen.latency).map_err(io::Error::other)?;
    }
    sum.per_second = sum.answered as f64 / load.duration.as_secs_f64();
    Ok(sum)
}

fn histogram() -> io::Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, LONGEST_US, 3).map_err(io::Error::other)
}

/// One connection: this thread reads, and in the open loop another one sends what is due.
fn connection(load: &Load<'_>, span: Span, begin: Instant, at: usize) -> io::Result<(Seen, u64)> {
    let mut requests = Requests::of(load.run, at, load.connections);
    let most = if let Loop::Closed { streams } = load.kind { streams } else { MOST_UNDER_WAY };
    let generate = move |to: &mut Vec<u8>| requests.write(to);
    let (sender, mut receiver) = wire::connect(load.addr, load.path, load.api_key, most, generate)?;
    let mut seen = Seen { span, answered: 0, failed: 0, latency: histogram()? };
    let sender = Mutex::new(sender);
    let lock = || sender.lock().unwrap_or_else(PoisonError::into_inner);
    let given_up = AtomicBool::new(false);
    std::thread::scope(|scope| {
        match load.kind {
            Loop::Open { rate } => {
                let schedule = Schedule::of(rate, load.connections, at, begin);
                let (lock, given_up) = (&lock, &given_up);
                let send = move || {
                    schedule.send(span.to, |due| {
                        let mut sender = lock();
                        sender.due(due);
                        sender.pump().is_ok() && !given_up.load(Ordering::Relaxed)
                    });
                };
                scope.spawn(send);
            }
            Loop::Closed { streams } => {
                let mut sender = lock();
                (0..streams).for_each(|_| sender.due(Instant::now()));
                sender.pump()?;
            }
        }
        // Whoever waits for an answer that never comes is woken when the time for it is over.
        let (lock_closer, over) = (&lock, span.to + LAST_ANSWERS);
        let closed = &given_up;
        scope.spawn(move || {
            while Instant::now() < over && !closed.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
            }
            lock_closer().close();
        });
        let read = read(&mut receiver, &lock, load.kind, &mut seen);
        given_up.store(true, Ordering::Relaxed);
        read
    })?;
    let unanswered = lock().unfinished() as u64;
    Ok((seen, unanswered))
}

/// Reads until everything that was due has ended, or the connection has.
fn read<'a, G: FnMut(&mut Vec<u8>) + 'a>(
    receiver: &mut wire::Receiver,
    lock: &impl Fn() -> std::sync::MutexGuard<'a, wire::Sender<G>>,
    kind: Loop,
    seen: &mut Seen,
) -> io::Result<()> {
    while receiver.wait().unwrap_or(false) {
        let now = Instant::now();
        let mut ended = 0;
        let mut sender = lock();
        sender.take(receiver, |call| {
            ended += 1;
            seen.count(call, now);
        })?;
        if now >= seen.span.to {
            if sender.unfinished() == 0 {
                return Ok(());
            }
        } else if matches!(kind, Loop::Closed { .. }) {
            (0..ended).for_each(|_| sender.due(now));
        }
        sender.pump()?;
    }
    Ok(())
}

/// When the calls of one connection are due.
struct Schedule {
    first: Instant,
    every: Duration,
}

impl Schedule {
    /// The connections take turns.
    fn of(rate: f64, connections: usize, at: usize, begin: Instant) -> Self {
        let every = Duration::from_secs_f64(connections as f64 / rate);
        Self { first: begin + every.mul_f64(at as f64 / connections as f64), every }
    }

    /// Waits for each time and sends, until the end or until `send` says that it is over.
    fn send(&self, to: Instant, mut send: impl FnMut(Instant) -> bool) {
        let mut due = self.first;
        while due < to {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if !send(due) {
                return;
            }
            due += self.every;
        }
    }
}
