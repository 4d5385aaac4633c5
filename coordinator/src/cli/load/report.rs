//! What a run showed, for people.

use std::fmt;
use std::time::Duration;

/// A set of durations, sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(super) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    /// The duration that `share` of all do not exceed.
    pub(super) fn percentile(&self, share: f64) -> Option<Duration> {
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= share <= 1")]
        let rank = (f64::from(count) * share).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied()
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, share) in [0.50, 0.95, 0.99, 1.0].into_iter().enumerate() {
            if n > 0 {
                f.write_str("  ")?;
            }
            match self.percentile(share) {
                Some(latency) => write!(f, "{:>8.1}", latency.as_secs_f64() * 1_000.0)?,
                None => write!(f, "{:>8}", "-")?,
            }
        }
        Ok(())
    }
}

/// What a run showed.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    /// Answers by status; 0 stands for no answer.
    pub(super) answers: Vec<(u16, usize)>,
    /// From the moment an event should have been sent to its answer.
    pub(super) ack: Latencies,
    /// From the event's arrival to its committed result, by the coordinator's own stamps.
    pub(super) result: Latencies,
    /// Time from the first request to the last answer.
    pub(super) sending: Duration,
    /// Time from the first request to the last result.
    pub(super) whole: Duration,
    /// Distinct events that got a 200.
    pub(super) accepted: usize,
    /// Jobs of this run with a result.
    pub(super) results: usize,
    /// Jobs of this run without one.
    pub(super) open: usize,
}

impl Report {
    /// Whether every accepted event has its result.
    pub(super) const fn is_complete(&self) -> bool {
        self.open == 0 && self.results == self.accepted
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_second = |count: usize, time: Duration| {
            f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64().max(0.001)
        };
        let sent: usize = self.answers.iter().map(|(_, count)| count).sum();
        writeln!(f, "requests    {sent:>9}   {:>9.0}/s", per_second(sent, self.sending))?;
        for (status, count) in &self.answers {
            match status {
                0 => writeln!(f, "  no answer {count:>9}")?,
                status => writeln!(f, "  {status}       {count:>9}")?,
            }
        }
        writeln!(f, "accepted    {:>9}   distinct events", self.accepted)?;
        writeln!(f, "results     {:>9}   {:>9.0}/s", self.results, per_second(self.results, self.whole))?;
        writeln!(f, "open        {:>9}", self.open)?;
        writeln!(f, "milliseconds       p50       p95       p99       max")?;
        writeln!(f, "ack           {}", self.ack)?;
        write!(f, "result        {}", self.result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_the_nearest_rank() {
        let latencies = Latencies::of((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(latencies.percentile(0.5), Some(Duration::from_millis(50)));
        assert_eq!(latencies.percentile(0.99), Some(Duration::from_millis(99)));
        assert_eq!(latencies.percentile(1.0), Some(Duration::from_millis(100)));
        assert_eq!(Latencies::default().percentile(0.5), None);
    }
}
