-- Sends accounts to Redis: keys, pub/sub and stream together, and only what is newer than what is there.
-- Nothing of an account that was erased: a run that was under way must not bring its data back.
-- A check is about one version: it moves only where that version stands, else old data would look freshly confirmed.
-- KEYS: the stream, then for each account: version, latest balances, latest positions, checked.
-- ARGV: the stream's length, then for each account: id, version, checked, balances, positions ('' where there is no news).
-- Returns for each account the version that stands here now, -1 for an erased one.
local standing = {}
for account = 0, (#KEYS - 1) / 4 - 1 do
  local key, arg = 1 + account * 4, 1 + account * 5
  local id, version, checked = ARGV[arg + 1], ARGV[arg + 2], ARGV[arg + 3]
  local balances, positions = ARGV[arg + 4], ARGV[arg + 5]
  local known = redis.call('GET', KEYS[key + 1]) or '0'
  if known == 'erased' then
    standing[account + 1] = -1
  else
    local news = balances ~= '' and tonumber(version) > tonumber(known)
    if news then
      known = version
      redis.call('SET', KEYS[key + 1], version)
      redis.call('SET', KEYS[key + 2], balances)
      redis.call('SET', KEYS[key + 3], positions)
    end
    if tonumber(version) == tonumber(known) then
      local confirmed = redis.call('GET', KEYS[key + 4])
      if not confirmed or confirmed < checked then
        redis.call('SET', KEYS[key + 4], checked)
      end
    end
    if news then
      redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'account_id', id, 'version', version, 'kind', 'snapshot')
      redis.call('PUBLISH', 'live_data:balances:' .. id, balances)
      redis.call('PUBLISH', 'live_data:positions:' .. id, positions)
    end
    standing[account + 1] = tonumber(known)
  end
end
return standing
