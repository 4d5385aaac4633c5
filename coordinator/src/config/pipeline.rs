//! `[pipeline]`: the way of a job.

use std::time::Duration;

use shared::config::Source;

shared::config_section! {
    /// The way of a job from an event to its result.
    pub struct PipelineConfig in "pipeline" {
        /// How long a dispatched job may take until it is dispatched again; the pause doubles each time.
        /// Shorter heals sooner, longer doubles less work when the queue is slow.
        due_after: Duration = "20s",
    }
    check = check;
}

fn check(pipeline: &PipelineConfig, source: &mut Source) {
    if pipeline.due_after.is_zero() {
        source.refuse("pipeline", "due_after", "must be more than zero");
    }
}
