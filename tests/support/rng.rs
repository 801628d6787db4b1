//! What tests draw from a seed, with the names that they use for it.
#![allow(dead_code, reason = "each test uses its part")]

use tendero::chance::Chance;

#[derive(Debug, Clone)]
pub struct Rng(Chance);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(Chance::new(seed))
    }

    pub fn next(&mut self) -> u64 {
        self.0.next()
    }

    /// 0 to `bound` - 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        self.0.between(from, to)
    }

    pub fn chance(&mut self, per_cent: u64) -> bool {
        self.0.in_100(per_cent)
    }

    /// 0 to `length` - 1.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("below a length")
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        self.0.pick(from)
    }

    pub fn word<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.pick::<&str>(from)
    }

    pub fn bytes(&mut self) -> [u8; 32] {
        self.0.bytes()
    }
}
