use aval::synth::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let settings = Settings { customers: args[2].parse().unwrap(), days: args[3].parse().unwrap(), seed: 20250101 };
    let start = std::time::Instant::now();
    let report = write(&settings, args[1].as_ref(), Format::Parquet, None, |_, _| {}).unwrap();
    let s = start.elapsed().as_secs_f64();
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
    println!("{} purchases in {s:.2} s: {:.0}/s", report.all.purchases, report.all.purchases as f64 / s);
}
