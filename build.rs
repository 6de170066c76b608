//! Compiles the protocol in pure Rust: no protoc is needed.

use protox::prost::Message;
use std::error::Error;
use std::path::PathBuf;

/// What the server is, and tells about itself by reflection.
const SERVICES: &[&str] = &[
    "aval/v1/types.proto",
    "aval/v1/decision.proto",
    "aval/v1/verification.proto",
    "aval/v1/review.proto",
    "aval/v1/plan.proto",
];
/// What it is measured against.
const BENCH: &str = "aval/bench/v1/bench.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let services = protox::compile(SERVICES, ["proto"])?;
    let mut described = services.clone();
    for file in &mut described.file {
        file.source_code_info = None;
    }
    std::fs::write(out.join("services.bin"), described.encode_to_vec())?;
    // Maps are sorted, so that equal messages have equal bytes.
    let mut named = prost_build::Config::new();
    named.enable_type_names();
    tonic_prost_build::configure()
        .btree_map(".")
        .codec_path("crate::rpc::codec::PlainCodec")
        .compile_fds_with_config(services, named)?;
    let bench = protox::compile([BENCH], ["proto"])?;
    // Apart, because what is only referred to would be written again, empty.
    let apart = out.join("bench");
    std::fs::create_dir_all(&apart)?;
    tonic_prost_build::configure()
        .extern_path(".aval.v1", "crate::rpc::proto")
        .out_dir(apart)
        .build_client(false)
        .compile_fds(bench)?;
    Ok(())
}
