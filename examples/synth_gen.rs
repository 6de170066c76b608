use aval::synth::*;
use aval::features::{Facts, velocity::Velocity};
fn main() {
    for (customers, days) in [(5000u32, 90), (5000, 360), (5000,1440)] {
    let settings = Settings { customers, days, seed: 1 };
    let mut p = Population::new(&settings).unwrap();
    let h = hasher();
    let ms = p.merchants();
    let mut v = Velocity::new(2<<30);
    let mut n = 0;
    while let Some(x) = p.next() {
        let m = &ms[x.merchant];
        let f = Facts::extract(&x.submission, &m.id, &m.time_zone, x.at, &h);
        v.add(&f.keys, x.at, f.amount);
        n += 1;
    }
    println!("{customers} {days}: {n} {} bytes", v.bytes());
    }
}
