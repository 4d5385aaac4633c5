//! Connections: one held for a loop that sends, one of its own for each that waits.
//!
//! Owns connecting, and dropping a connection that failed. Which connection is for what is for the users.
//! **Invariant:** a connection that did not answer in time is never used again, and its socket is closed:
//! an answer that nobody waits for would hold an entry until its lease runs out.

use std::time::Duration;

use deadpool_redis::redis::aio::{ConnectionLike, MultiplexedConnection};
use deadpool_redis::redis::{
    AsyncConnectionConfig, Client, FromRedisValue, Pipeline, RedisError, ScriptInvocation,
};
use tokio::sync::Mutex;

/// Something to send and wait for.
pub(super) enum Ask<'a> {
    Pipeline(&'a Pipeline),
    Script(&'a ScriptInvocation<'a>),
}

/// Whether sending again does no harm.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// It does not: once more on a fresh connection.
    Harmless,
    /// It would do it twice: leave that to the caller.
    Doubles,
}

impl Ask<'_> {
    pub(super) async fn of<T: FromRedisValue>(
        &self,
        connection: &mut (impl ConnectionLike + Send),
    ) -> Result<T, RedisError> {
        match self {
            Self::Pipeline(pipeline) => pipeline.query_async(connection).await,
            Self::Script(script) => script.invoke_async(connection).await,
        }
    }
}

/// A connection that is held and shared, and made again when it fails.
pub(super) struct Link {
    client: Client,
    config: AsyncConnectionConfig,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    connection: Option<MultiplexedConnection>,
    /// Which connection this is, so that nobody drops a later one for the failure of an earlier.
    number: u64,
}

impl Link {
    pub(super) fn new(client: Client, config: AsyncConnectionConfig) -> Self {
        Self {
            client,
            config,
            held: Mutex::default(),
        }
    }

    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        ask: Ask<'_>,
        again: Again,
    ) -> Result<T, RedisError> {
        let (mut connection, number) = self.connection().await?;
        match ask.of(&mut connection).await {
            Err(error) if is_lost(&error) => {
                drop(connection);
                self.forget(number).await;
                if again == Again::Doubles {
                    return Err(error);
                }
            }
            answer => return answer,
        }
        let (mut connection, number) = self.connection().await?;
        let answer = ask.of(&mut connection).await;
        if answer.as_ref().is_err_and(is_lost) {
            drop(connection);
            self.forget(number).await;
        }
        answer
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), RedisError> {
        let mut held = self.held.lock().await;
        if let Some(connection) = &held.connection {
            return Ok((connection.clone(), held.number));
        }
        let connection = self
            .client
            .get_multiplexed_async_connection_with_config(&self.config)
            .await?;
        held.number += 1;
        held.connection = Some(connection.clone());
        Ok((connection, held.number))
    }

    async fn forget(&self, number: u64) {
        let mut held = self.held.lock().await;
        if held.number == number {
            held.connection = None;
        }
    }
}

/// How to connect, and how long to wait for answers.
pub(super) fn config(connect: Duration, response: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(connect))
        .set_response_timeout(Some(response))
}

/// Whether the connection, not the command, failed.
pub(super) fn is_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error()
}
