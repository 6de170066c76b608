//! How messages of the services are read and written: as by [`tonic_prost::ProstCodec`], at less cost.
//!
//! A message lies in one piece, so it is read from a slice and written to a vector, which prost does byte by byte much
//! faster than through tonic's buffers. And a call's buffers are as large as its messages mostly are: of 8 KiB each,
//! those of a batch of answers would take more than the processor's cache.

use prost::Message;
use prost::bytes::{Buf, BufMut};
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// The bytes that a buffer has room for at first; it grows where a message is longer.
const BUFFER_BYTES: usize = 1_024;
/// How many bytes of a stream's messages may gather before they are sent.
const GATHERED_BYTES: usize = 32 << 10;

/// Writes `T` and reads `U`.
#[derive(Debug, Clone)]
pub struct PlainCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for PlainCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for PlainCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = Writing<T>;
    type Decoder = Reading<U>;

    fn encoder(&mut self) -> Writing<T> {
        Writing(PhantomData)
    }

    fn decoder(&mut self) -> Reading<U> {
        Reading(PhantomData)
    }
}

/// Writes messages.
#[derive(Debug, Clone)]
pub struct Writing<T>(PhantomData<T>);

impl<T: Message> Encoder for Writing<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, message: T, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        let bytes = message.encode_to_vec();
        to.reserve(bytes.len());
        to.put_slice(&bytes);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, GATHERED_BYTES)
    }
}

/// Reads messages.
#[derive(Debug, Clone)]
pub struct Reading<U>(PhantomData<U>);

impl<U: Message + Default> Decoder for Reading<U> {
    type Item = U;
    type Error = Status;

    /// What is no message is INTERNAL, as the gRPC documentation has it.
    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let length = from.remaining();
        let chunk = from.chunk();
        let message = if chunk.len() == length { U::decode(chunk) } else { U::decode(from.copy_to_bytes(length)) };
        let message = message.map_err(|error| Status::internal(error.to_string()))?;
        from.advance(from.remaining());
        Ok(Some(message))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, GATHERED_BYTES)
    }
}
