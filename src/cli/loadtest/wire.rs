//! A client of one HTTP/2 connection (RFC 9113) that costs little: a load generator that is slower than the server that
//! it measures measures itself. It sends unary gRPC calls and sees how each ends; it does not read answers.

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

/// What every connection begins with (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How much a peer may send before it hears more, at first (RFC 9113, 6.9.2).
const FIRST_WINDOW: i64 = 65_535;
/// How much we let the server send before we tell it to go on.
const WINDOW: u32 = 1 << 30;
/// Types of frames (RFC 9113, 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
/// Flags of frames.
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
/// The first index of HPACK's dynamic table (RFC 7541, 2.3.3).
const FIRST_DYNAMIC: usize = 62;

/// How one call ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    /// When it should have been sent.
    pub due: Instant,
    /// Whether a message came back, and not only a status.
    pub answered: bool,
}

/// The headers of every call, in HPACK (RFC 7541): written out by the first call, by their places in the table after it.
#[derive(Debug, Clone)]
struct HeaderBlocks {
    first: Vec<u8>,
    later: Vec<u8>,
}

impl HeaderBlocks {
    fn new(path: &str, authority: &str, api_key: Option<&str>) -> Self {
        // `:method: POST` and `:scheme: http` stand in the static table.
        let fixed = [0x83, 0x86];
        let bearer = api_key.map(|key| format!("Bearer {key}"));
        let mut fields =
            vec![(":path", path), (":authority", authority), ("te", "trailers"), ("content-type", "application/grpc")];
        fields.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let (mut first, mut later) = (fixed.to_vec(), fixed.to_vec());
        for (at, (name, value)) in fields.iter().enumerate() {
            first.push(0x40);
            for text in [name, value] {
                integer(&mut first, 0, 7, text.len());
                first.extend(text.as_bytes());
            }
            integer(&mut later, 0x80, 7, FIRST_DYNAMIC + fields.len() - 1 - at);
        }
        Self { first, later }
    }
}

/// An integer with a prefix of `bits` bits (RFC 7541, 5.1).
fn integer(to: &mut Vec<u8>, flags: u8, bits: u32, mut value: usize) {
    let most = (1_usize << bits) - 1;
    if value < most {
        to.push(flags | value as u8);
        return;
    }
    to.push(flags | most as u8);
    value -= most;
    while value >= 128 {
        to.push((value % 128) as u8 | 0x80);
        value /= 128;
    }
    to.push(value as u8);
}

fn frame_header(to: &mut Vec<u8>, length: usize, kind: u8, flags: u8, stream: u32) {
    to.extend(&(length as u32).to_be_bytes()[1..]);
    to.extend([kind, flags]);
    to.extend(stream.to_be_bytes());
}

/// What one connection sends: calls that are due, as far as the server's windows and the bound on streams allow.
pub(super) struct Sender<G> {
    stream: TcpStream,
    headers: HeaderBlocks,
    /// Writes the message of the next call, in gRPC's framing.
    generate: G,
    due: VecDeque<Instant>,
    under_way: HashMap<u32, Ended>,
    most_under_way: usize,
    next_stream: u32,
    window: i64,
    received: u32,
    out: Vec<u8>,
    message: Vec<u8>,
}

/// Connects and greets. The two halves are for two threads.
pub(super) fn connect<G: FnMut(&mut Vec<u8>)>(
    addr: SocketAddr,
    path: &str,
    api_key: Option<&str>,
    most_under_way: usize,
    generate: G,
) -> io::Result<(Sender<G>, Receiver)> {
    let stream = TcpStream::connect(addr)?;
    stream.set_nodelay(true)?;
    let mut sender = Sender {
        headers: HeaderBlocks::new(path, &addr.to_string(), api_key),
        generate,
        due: VecDeque::new(),
        under_way: HashMap::new(),
        most_under_way,
        next_stream: 1,
        window: FIRST_WINDOW,
        received: 0,
        out: PREFACE.to_vec(),
        message: Vec::new(),
        stream: stream.try_clone()?,
    };
    frame_header(&mut sender.out, 0, SETTINGS, 0, 0);
    sender.grant(WINDOW);
    sender.flush()?;
    Ok((sender, Receiver { stream, buffer: Vec::new() }))
}

impl<G: FnMut(&mut Vec<u8>)> Sender<G> {
    /// A call that is due at a time, in order.
    pub fn due(&mut self, at: Instant) {
        self.due.push_back(at);
    }

    /// Sends what may be sent.
    pub fn pump(&mut self) -> io::Result<()> {
        while self.under_way.len() < self.most_under_way && !self.due.is_empty() {
            if self.message.is_empty() {
                (self.generate)(&mut self.message);
            }
            if self.window < self.message.len() as i64 {
                break;
            }
            let Some(due) = self.due.pop_front() else { break };
            let stream = self.next_stream;
            self.next_stream += 2;
            let block = if stream == 1 { &self.headers.first } else { &self.headers.later };
            frame_header(&mut self.out, block.len(), HEADERS, END_HEADERS, stream);
            self.out.extend(block);
            frame_header(&mut self.out, self.message.len(), DATA, END_STREAM, stream);
            self.out.extend(&self.message);
            self.window -= self.message.len() as i64;
            self.message.clear();
            self.under_way.insert(stream, Ended { due, answered: false });
        }
        self.flush()
    }

    /// How many calls are due or under way.
    pub fn unfinished(&self) -> usize {
        self.due.len() + self.under_way.len()
    }

    /// Takes in what the server sent; `ended` hears of each call that has ended. Sends nothing yet.
    pub fn take(&mut self, frames: &mut Receiver, mut ended: impl FnMut(Ended)) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut frames.buffer);
        let mut rest = buffer.as_slice();
        while let Some((head, after)) = rest.split_first_chunk::<9>() {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let Some((payload, after)) = after.split_at_checked(length) else { break };
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
            self.frame(head[3], head[4], stream, payload, &mut ended)?;
            rest = after;
        }
        let used = buffer.len() - rest.len();
        buffer.drain(..used);
        frames.buffer = buffer;
        Ok(())
    }

    fn frame(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
        ended: &mut impl FnMut(Ended),
    ) -> io::Result<()> {
        match kind {
            DATA => {
                self.received += payload.len() as u32;
                if self.received > WINDOW / 2 {
                    self.grant(self.received);
                    self.received = 0;
                }
                if let Some(call) = self.under_way.get_mut(&stream) {
                    call.answered |= !payload.is_empty();
                }
            }
            SETTINGS if flags & ACK == 0 => frame_header(&mut self.out, 0, SETTINGS, ACK, 0),
            PING if flags & ACK == 0 => {
                frame_header(&mut self.out, payload.len(), PING, ACK, 0);
                self.out.extend(payload);
            }
            WINDOW_UPDATE if stream == 0 => {
                self.window += payload.first_chunk().map_or(0, |bytes| i64::from(u32::from_be_bytes(*bytes)));
            }
            GOAWAY => return Err(io::Error::new(ErrorKind::ConnectionAborted, "the server says good-bye")),
            _ => {}
        }
        let over = kind == RST_STREAM || (matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0);
        if over && let Some(call) = self.under_way.remove(&stream) {
            ended(call);
        }
        Ok(())
    }

    /// Lets the server send so many bytes more.
    fn grant(&mut self, bytes: u32) {
        frame_header(&mut self.out, 4, WINDOW_UPDATE, 0, 0);
        self.out.extend(bytes.to_be_bytes());
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }

    /// Ends the connection, for both halves.
    pub fn close(&self) {
        // One that is closed already is what is wanted.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}

/// What one connection receives.
pub(super) struct Receiver {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Receiver {
    /// Waits for bytes. `false`: the connection has ended.
    pub fn wait(&mut self) -> io::Result<bool> {
        let before = self.buffer.len();
        self.buffer.resize(before + (64 << 10), 0);
        let read = self.stream.read(&mut self.buffer[before..])?;
        self.buffer.truncate(before + read);
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_in_the_examples_of_the_rfc() {
        for (bits, value, expected) in [(5, 10, vec![10]), (5, 1_337, vec![31, 154, 10]), (8, 42, vec![42])] {
            let mut written = Vec::new();
            integer(&mut written, 0, bits, value);
            assert_eq!(written, expected, "RFC 7541, appendix C.1: {value} with a prefix of {bits} bits");
        }
    }

    #[test]
    fn later_calls_name_the_headers_by_their_places() {
        let blocks = HeaderBlocks::new("/s/M", "127.0.0.1:1", None);
        assert_eq!(&blocks.first[..4], [0x83, 0x86, 0x40, 5], "POST, http, then a new name of 5 bytes");
        assert_eq!(
            blocks.later,
            [0x83, 0x86, 0x80 | 65, 0x80 | 64, 0x80 | 63, 0x80 | 62],
            "the newest has the least place"
        );
    }
}
