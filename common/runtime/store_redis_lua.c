/* The scripts that make a step on Redis atomic. Offsets and times stay below 2^53, where Lua's numbers are exact. */
#include "runtime/store_redis_impl.h"

/* KEYS: marks, then of each table written its due set and one bucket per record.
 * ARGV: topic, prev, next, layout field, layout, then of each table three numbers - of records deleted, put, put with a due
 *       time - the keys of all of them in that order, the values of those put, the due times of the last.
 * Each key is there once: what counts is the last put of a batch (store_redis_order.c).
 * Returns the value of store_batch.ret. */
static const char apply[] =
    "local call, min = redis.call, math.min\n"
    "local mark = tonumber(call('HGET', KEYS[1], ARGV[1]) or '0')\n"
    "if mark >= tonumber(ARGV[3]) then return 1 end\n"
    "if mark ~= tonumber(ARGV[2]) then return 2 end\n"
    "local at, due = 6, 2\n"
    "while ARGV[at] do\n"
    "  local gone = tonumber(ARGV[at])\n"
    "  local never = gone + tonumber(ARGV[at + 1])\n"
    "  local all = never + tonumber(ARGV[at + 2])\n"
    "  local keys = at + 2\n"
    "  local values = keys + all - gone\n"
    "  local times = values + all - never\n"
    "  for i = 1, gone do call('HDEL', KEYS[due + i], ARGV[keys + i]) end\n"
    "  for i = gone + 1, all do call('HSET', KEYS[due + i], ARGV[keys + i], ARGV[values + i]) end\n"
    "  if never > 0 and call('EXISTS', KEYS[due]) == 1 then\n"
    "    for i = 1, never, 1000 do call('ZREM', KEYS[due], unpack(ARGV, keys + i, keys + min(i + 999, never))) end\n"
    "  end\n"
    "  local timed = {}\n"
    "  for i = never + 1, all do\n"
    "    timed[#timed + 1] = ARGV[times + i]\n"
    "    timed[#timed + 1] = ARGV[keys + i]\n"
    "  end\n"
    "  for i = 1, #timed, 1000 do call('ZADD', KEYS[due], unpack(timed, i, min(i + 999, #timed))) end\n"
    "  at, due = times + all + 1, due + all + 1\n"
    "end\n"
    "call('HSET', KEYS[1], ARGV[1], ARGV[3], ARGV[4], ARGV[5])\n"
    "return 0\n";

/* KEYS: none that are known before. ARGV: prefix, bucket, records of it to skip, end of the buckets, records wanted.
 * Returns the bucket and the records to skip in it for the next call, then keys and values. */
static const char scan[] =
    "local bucket, skip, stop, left = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])\n"
    "local out = {0, 0}\n"
    "while bucket < stop and left > 0 do\n"
    "  local all = redis.call('HGETALL', ARGV[1] .. string.format('%04x', bucket))\n"
    "  local take = math.max(0, math.min(#all / 2 - skip, left))\n"
    "  for i = 2 * skip + 1, 2 * (skip + take) do out[#out + 1] = all[i] end\n"
    "  left = left - take\n"
    "  if skip + take < #all / 2 then\n"
    "    skip = skip + take\n"
    "  else\n"
    "    bucket, skip = bucket + 1, 0\n"
    "  end\n"
    "end\n"
    "out[1], out[2] = bucket, skip\n"
    "return out\n";

void store_redis_scripts(struct redis_script scripts[STORE_SCRIPTS])
{
    scripts[STORE_APPLY].text = apply;
    scripts[STORE_SCAN].text = scan;
}
