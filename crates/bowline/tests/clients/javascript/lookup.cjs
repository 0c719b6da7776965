// Resolves every name under `localhost` to loopback, as RFC 6761 has it and few resolvers do. It stands in for the
// wildcard in DNS by which buckets have names of their own. Loaded by `node --require`.
const dns = require("node:dns");

const lookup = dns.lookup;

dns.lookup = (name, options, callback) =>
  lookup(name.endsWith(".localhost") ? "localhost" : name, options, callback);
