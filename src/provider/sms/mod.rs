//! One-time codes by text message.

pub mod twilio_verify;
