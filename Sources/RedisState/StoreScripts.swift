/// All scripts of the stores in this room, for `check --redis` and for loading them ahead of use.
package enum StoreScripts {
    /// The scripts of key sets, agents and nodes.
    package static let all: [RedisScript] = [
        RedisKeySetScripts.look, RedisKeySetScripts.ask, RedisKeySetScripts.store, RedisKeySetScripts.giveUp,
        RedisDirectoryScripts.put, RedisDirectoryScripts.remove, RedisDirectoryScripts.pull,
        RedisNodeShare.announcing, RedisNodeShare.leaving, RedisDrainShare.changing, RedisDrainShare.listing,
        RedisGenerationShare.advancing, RedisGenerationShare.reading,
    ]

    /// What an ACL must allow for them and for the replay cache, besides the keys and channels of the prefix.
    package static let commands: [String] = [
        "evalsha", "script|load", "subscribe", "publish", "time", "type", "del", "get", "set", "strlen", "getrange",
        "pttl", "pexpire", "hget", "hset", "hdel", "hlen", "hkeys", "hmget", "hincrby", "zadd", "zrem", "zcard",
        "zscore", "zrange", "zrevrange", "zrangebyscore", "zrangebylex", "zlexcount",
    ]
}
