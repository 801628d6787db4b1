//! Lists of ascending numbers, one for each key, in two arrays; and what several have in common.

/// Key → ascending numbers.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    /// Where each list begins in `items`, and after the last one its end.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    /// Of (key, number) pairs that are sorted by number; the same pair counts once.
    ///
    /// Sorted by counting, which keeps the order of the numbers, so that nothing is compared.
    pub fn new(keys: usize, pairs: &[(u32, u32)]) -> Lists {
        let mut starts = vec![0u32; keys + 2];
        for (key, _) in pairs {
            starts[*key as usize + 2] += 1;
        }
        for key in 2..starts.len() {
            starts[key] += starts[key - 1];
        }
        // `starts[key + 1]` is where the next number of `key` goes; when all are in, it is where the list ends.
        let mut items = vec![0u32; pairs.len()];
        for (key, number) in pairs {
            let next = &mut starts[*key as usize + 1];
            items[*next as usize] = *number;
            *next += 1;
        }
        starts.pop();
        Lists { starts, items }.without_repeats()
    }

    /// The list of `key`; empty where there is none.
    pub fn of(&self, key: u32) -> &[u32] {
        match self.starts.get(key as usize..key as usize + 2) {
            Some([start, end]) => &self.items[*start as usize..*end as usize],
            _ => &[],
        }
    }

    pub fn heap_bytes(&self) -> usize {
        4 * (self.starts.capacity() + self.items.capacity())
    }

    fn without_repeats(mut self) -> Lists {
        let mut kept = 0;
        for key in 0..self.starts.len() - 1 {
            let (start, end) = (self.starts[key] as usize, self.starts[key + 1] as usize);
            self.starts[key] = index(kept);
            for at in start..end {
                if at == start || self.items[at] != self.items[at - 1] {
                    // What is read is never before what is written.
                    self.items[kept] = self.items[at];
                    kept += 1;
                }
            }
        }
        if let Some(last) = self.starts.last_mut() {
            *last = index(kept);
        }
        self.items.truncate(kept);
        self.items.shrink_to_fit();
        self
    }
}

/// The numbers that all of the lists hold, ascending.
///
/// Each list leaps to the largest number that another one is at ("leapfrog join"; T. Veldhuizen, 2014), by
/// doubling steps, so that the shortest list bounds the work.
pub fn common(mut lists: Vec<&[u32]>) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let mut wanted = *lists.first()?.first()?;
        let mut agree = 0;
        let mut turn = 0;
        while agree < lists.len() {
            let list = &mut lists[turn];
            leap(list, wanted);
            let found = *list.first()?;
            agree = if found == wanted { agree + 1 } else { 1 };
            wanted = found;
            turn = (turn + 1) % lists.len();
        }
        lists[0] = &lists[0][1..];
        Some(wanted)
    })
}

/// Drops what is less than `wanted` from the front.
fn leap(list: &mut &[u32], wanted: u32) {
    let mut step = 1;
    while list.get(step - 1).is_some_and(|number| *number < wanted) {
        *list = &list[step..];
        step = (step * 2).min(list.len().max(1));
    }
    let near = &list[..step.min(list.len())];
    *list = &list[near.partition_point(|number| *number < wanted)..];
}

/// A place in an array of the index.
pub fn index(at: usize) -> u32 {
    u32::try_from(at).expect("a catalogue fits into memory, and its words are far fewer than four thousand million")
}
