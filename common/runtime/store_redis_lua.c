/* The scripts that make a step on Redis atomic. Offsets and times stay below 2^53, where Lua's numbers are exact. */
#include "runtime/store_redis_impl.h"

/* KEYS: marks, due set, one bucket per put.
 * ARGV: topic, prev, next, layout field, layout, number of tables, their names, kinds, then per put its arguments.
 * kinds: two bytes per put: 'P' put (key, value), 'D' put with a due time (key, value, time), 'X' delete (key);
 *        and the table's index + 1.
 * Returns the value of store_batch.ret. Due times are gathered first: of several puts of one key the last counts. */
static const char apply[] =
    "local call, byte = redis.call, string.byte\n"
    "local prev, next_ = tonumber(ARGV[2]), tonumber(ARGV[3])\n"
    "local mark = tonumber(call('HGET', KEYS[1], ARGV[1]) or '0')\n"
    "if mark >= next_ then return 1 end\n"
    "if mark ~= prev then return 2 end\n"
    "local tables = tonumber(ARGV[6])\n"
    "local kinds = ARGV[7 + tables]\n"
    "local at = 8 + tables\n"
    "local timed = call('EXISTS', KEYS[2]) == 1\n"
    "local due = {}\n"
    "for i = 1, #kinds / 2 do\n"
    "  local kind, key = byte(kinds, 2 * i - 1), ARGV[at]\n"
    "  local time = false\n"
    "  if kind == 88 then\n"
    "    call('HDEL', KEYS[i + 2], key)\n"
    "    at = at + 1\n"
    "  else\n"
    "    call('HSET', KEYS[i + 2], key, ARGV[at + 1])\n"
    "    at = at + 2\n"
    "    if kind == 68 then\n"
    "      time = ARGV[at]\n"
    "      at = at + 1\n"
    "      timed = true\n"
    "    end\n"
    "  end\n"
    "  if timed then due[ARGV[6 + byte(kinds, 2 * i)] .. '\\0' .. key] = time end\n"
    "end\n"
    "local add, rem = {}, {}\n"
    "for member, time in pairs(due) do\n"
    "  if time then\n"
    "    add[#add + 1] = time\n"
    "    add[#add + 1] = member\n"
    "  else\n"
    "    rem[#rem + 1] = member\n"
    "  end\n"
    "end\n"
    "for i = 1, #add, 1000 do call('ZADD', KEYS[2], unpack(add, i, math.min(i + 999, #add))) end\n"
    "for i = 1, #rem, 1000 do call('ZREM', KEYS[2], unpack(rem, i, math.min(i + 999, #rem))) end\n"
    "call('HSET', KEYS[1], ARGV[1], ARGV[3], ARGV[4], ARGV[5])\n"
    "return 0\n";

/* KEYS: marks, one bucket per key. ARGV: number of expected marks, (topic, mark) of each, keys.
 * Returns the number of the first wrong mark, or the values. */
static const char read[] =
    "local call = redis.call\n"
    "local marks = tonumber(ARGV[1])\n"
    "for i = 1, marks do\n"
    "  if tonumber(call('HGET', KEYS[1], ARGV[2 * i]) or '0') ~= tonumber(ARGV[2 * i + 1]) then return i end\n"
    "end\n"
    "local base, out = 2 * marks, {}\n"
    "for i = 2, #KEYS do out[i - 1] = call('HGET', KEYS[i], ARGV[base + i]) end\n"
    "return out\n";

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

/* KEYS: due set. ARGV: table. Removes the table's members. */
static const char undue[] =
    "local prefix, rem = ARGV[1] .. '\\0', {}\n"
    "for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do\n"
    "  if string.sub(member, 1, #prefix) == prefix then rem[#rem + 1] = member end\n"
    "end\n"
    "for i = 1, #rem, 1000 do redis.call('ZREM', KEYS[1], unpack(rem, i, math.min(i + 999, #rem))) end\n"
    "return #rem\n";

void store_redis_scripts(struct redis_script scripts[STORE_SCRIPTS])
{
    scripts[STORE_APPLY].text = apply;
    scripts[STORE_READ].text = read;
    scripts[STORE_SCAN].text = scan;
    scripts[STORE_UNDUE].text = undue;
}
