//! From a probability for each hop to one report for each wake word. Pure.

/// Threshold, patience and pause. Fed one probability a hop.
#[derive(Debug, Clone)]
pub struct Trigger {
    threshold: f32,
    patience: u32,
    pause_hops: u32,
    run: u32,
    paused: u32,
}

impl Trigger {
    /// Fires when `patience` hops in a row reach `threshold`, then not again for `pause_hops`.
    pub fn new(threshold: f32, patience: u32, pause_hops: u32) -> Trigger {
        Trigger { threshold, patience: patience.max(1), pause_hops, run: 0, paused: 0 }
    }

    /// `Some(probability)` when it fires. NaN counts as 0.
    pub fn push(&mut self, probability: f32) -> Option<f32> {
        self.run = if probability >= self.threshold { self.run.saturating_add(1) } else { 0 };
        if self.paused > 0 {
            self.paused -= 1;
            return None;
        }
        if self.run < self.patience {
            return None;
        }
        self.paused = self.pause_hops;
        Some(probability.clamp(0.0, 1.0))
    }

    /// As new.
    pub fn reset(&mut self) {
        self.run = 0;
        self.paused = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fires(patience: u32, pause_hops: u32, probabilities: &[f32]) -> Vec<usize> {
        let mut trigger = Trigger::new(0.5, patience, pause_hops);
        probabilities.iter().enumerate().filter(|(_, p)| trigger.push(**p).is_some()).map(|(i, _)| i).collect()
    }

    #[test]
    fn fires_once_after_patience_and_again_after_the_pause() {
        let check = |name: &str, patience, pause_hops, probabilities: &[f32], expected: &[usize]| {
            assert_eq!(fires(patience, pause_hops, probabilities), expected, "{name}");
        };
        check("below the threshold", 1, 0, &[0.0, 0.49, 0.49], &[]);
        check("at the threshold", 1, 9, &[0.0, 0.5, 0.5], &[1]);
        check("one hop is not two", 2, 9, &[0.9, 0.1, 0.9, 0.1], &[]);
        check("two in a row", 2, 9, &[0.1, 0.9, 0.9, 0.9], &[2]);
        check("a pause of two", 1, 2, &[0.9, 0.9, 0.9, 0.9, 0.9], &[0, 3]);
        check("not a number", 1, 0, &[f32::NAN, f32::NAN], &[]);
        check("no patience means one", 0, 9, &[0.1, 0.9], &[1]);
    }

    #[test]
    fn reset_ends_the_pause_and_the_run() {
        let mut trigger = Trigger::new(0.5, 2, 100);
        assert_eq!(trigger.push(0.9), None);
        trigger.reset();
        assert_eq!(trigger.push(0.9), None);
        assert_eq!(trigger.push(0.9), Some(0.9));
        trigger.reset();
        assert_eq!(trigger.push(0.8), None);
        assert_eq!(trigger.push(0.8), Some(0.8));
    }
}
