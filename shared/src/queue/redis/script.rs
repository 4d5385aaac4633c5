//! What must happen in Redis as one step and depends on what Redis holds.
//!
//! Owns the Lua texts. They run from Redis 6.2 on and never unpack more than one envelope's fields, because
//! Lua's stack ends near 8 000.
//! **Invariant:** nothing is deleted before its copy was written: a script is not rolled back.

use std::sync::LazyLock;

use deadpool_redis::redis::Script;

/// Makes what is missing of streams and groups, and a new epoch if anything was.
///
/// Keys: the three streams, the epoch. Arguments: their three groups, the new epoch. Gives the epoch.
pub(super) static ENSURE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local made = redis.call('EXISTS', KEYS[4]) == 0
for i = 1, 3 do
  local answer = redis.pcall('XGROUP', 'CREATE', KEYS[i], ARGV[i], '0', 'MKSTREAM')
  if not answer.err then
    made = true
  elseif not string.find(answer.err, 'BUSYGROUP', 1, true) then
    return answer
  end
end
if made then redis.call('SET', KEYS[4], ARGV[4]) end
return redis.call('GET', KEYS[4])",
    )
});

/// Starts leases again, of those still ours.
///
/// Key: the stream. Arguments: group, consumer, ids.
pub(super) static EXTEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
for i = 3, #ARGV do
  local held = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1)[1]
  if held and held[2] == ARGV[2] then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID')
  end
end
return 1",
    )
});

/// Puts entries still ours at the end of their stream, where a waiting reader sees them at once, with
/// their count of deliveries.
///
/// Key: the stream. Arguments: group, consumer, ids.
pub(super) static RELEASE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
for i = 3, #ARGV do
  local id = ARGV[i]
  local held = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1]
  if held and held[2] == ARGV[2] then
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
    if entry then
      local fields, copy, before = entry[2], {}, 0
      for f = 1, #fields, 2 do
        if fields[f] == 'deliveries' then
          before = tonumber(fields[f + 1]) or 0
        else
          copy[#copy + 1] = fields[f]
          copy[#copy + 1] = fields[f + 1]
        end
      end
      copy[#copy + 1] = 'deliveries'
      copy[#copy + 1] = string.format('%d', before + held[4])
      redis.call('XADD', KEYS[1], '*', unpack(copy))
    end
    redis.call('XACK', KEYS[1], ARGV[1], id)
    redis.call('XDEL', KEYS[1], id)
  end
end
return 1",
    )
});

/// Sets one entry aside, if it is still ours.
///
/// Keys: the stream, the dead letters. Arguments: group, consumer, id, then the fields of the dead letter.
pub(super) static BURY: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local held = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)[1]
if not held or held[2] ~= ARGV[2] then return 0 end
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 4))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
redis.call('XDEL', KEYS[1], ARGV[3])
return 1",
    )
});

/// Puts one dead letter back, if nobody did so yet.
///
/// Keys: the dead letters, the stream. Arguments: id, then the fields of the entry.
pub(super) static REDRIVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2))
redis.call('XDEL', KEYS[1], ARGV[1])
return 1",
    )
});

/// Takes entries pending with ourselves again: those that were delivered to a call nobody waits for.
///
/// Key: the stream. Arguments: group, consumer, ids. Gives pairs of a list with one entry and a count.
pub(super) static RECLAIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local taken = {}
for i = 3, #ARGV do
  local held = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1)[1]
  if held and held[2] == ARGV[2] then
    local entry = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i])
    taken[#taken + 1] = {entry, held[4] + 1}
  end
end
return taken",
    )
});

/// Forgets a consumer that holds nothing. Deleting one that does would make its entries unreachable.
///
/// Key: the stream. Arguments: group, consumer.
pub(super) static LEAVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local held = redis.pcall('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if held.err or #held > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1",
    )
});

/// Forgets consumers that hold nothing and got nothing for long. A living one comes back with its next
/// entry.
///
/// Key: the stream. Arguments: group, milliseconds. Gives how many.
pub(super) static REAP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then return 0 end
local gone = 0
for _, flat in ipairs(consumers) do
  local about = {}
  for f = 1, #flat, 2 do about[flat[f]] = flat[f + 1] end
  if about['pending'] == 0 and about['idle'] > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], about['name'])
    gone = gone + 1
  end
end
return gone",
    )
});

/// How full a stream is, without its bodies.
///
/// Keys: the stream, the dead letters. Argument: group. Gives length, pending, first id, now in
/// milliseconds, dead letters. With `XDEL` at each settlement, what waits is length less pending; `lag`
/// of `XINFO GROUPS` is nil after a restart.
pub(super) static DEPTH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1])
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local now = redis.call('TIME')
return {
  redis.call('XLEN', KEYS[1]),
  pending.err and 0 or pending[1],
  first and first[1] or '',
  now[1] * 1000 + math.floor(now[2] / 1000),
  redis.call('XLEN', KEYS[2])
}",
    )
});
