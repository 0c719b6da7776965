// S3 through the signers aws4 and aws4fetch, which sign the encoded path and send the one that they are called with.
import http from "node:http";
import aws4 from "aws4";
import { AwsClient } from "aws4fetch";

const url = new URL(process.env.AWS_ENDPOINT_URL);
const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY };
const code = (text) => text.match(/<Code>(.*?)</)?.[1] ?? text;

function send(options) {
  return new Promise((resolve, reject) => {
    const request = http.request({ ...options, host: undefined, hostname: url.hostname, port: url.port }, (response) => {
      let text = "";
      response.on("data", (data) => (text += data));
      response.on("end", () => resolve([response.statusCode, code(text)].join(" ")));
    });
    request.on("error", reject);
    request.end(options.body);
  });
}

const plain = { service: "s3", region: "us-east-1", host: url.host };
async function byAws4(key, keys = credentials, change = (signed) => signed) {
  const path = `/insights/${key}`;
  const put = await send(change(aws4.sign({ ...plain, method: "PUT", path, body: "hello" }, keys)));
  return put.startsWith("200") ? send(aws4.sign({ ...plain, method: "GET", path }, keys)) : put;
}

const keys = ["plain", "a=b", "19:30", "report(1).pdf", "it's", "a@b", "a&b", "a!b*c", "a$b,c;d", "a%20b", "a%3Db", "a+b", "%C3%BC"];
for (const key of keys) console.log(`aws4 ${key}:`, await byAws4(key));
const authorization = (from, to) => (signed) => {
  signed.headers.Authorization = signed.headers.Authorization.replace(from, to);
  return signed;
};
console.log("aws4, unknown key:", await byAws4("plain", { ...credentials, accessKeyId: "test" }));
console.log("aws4, wrong secret:", await byAws4("plain", { ...credentials, secretAccessKey: "test" }));
console.log("aws4, another path:", await byAws4("a=b", credentials, (signed) => ({ ...signed, path: "/insights/a=c" })));
console.log("aws4, no signature:", await byAws4("a=b", credentials, authorization(/, Signature=.*/, "")));
console.log("aws4, no terminal:", await byAws4("a=b", credentials, authorization("/aws4_request", "")));

const fetcher = (keys) => new AwsClient({ ...keys, service: "s3", region: "us-east-1", retries: 0 });
async function byFetch(key, keys = credentials) {
  const client = fetcher(keys);
  const target = `${url.origin}/insights/${key}`;
  const put = await client.fetch(target, { method: "PUT", body: "hello" });
  const got = put.ok ? await client.fetch(target) : put;
  return [got.status, code(await got.text())].join(" ");
}
for (const key of [...keys, "ü"]) console.log(`aws4fetch ${key}:`, await byFetch(key));
console.log("aws4fetch, unknown key:", await byFetch("plain", { ...credentials, accessKeyId: "test" }));
console.log("aws4fetch, wrong secret:", await byFetch("plain", { ...credentials, secretAccessKey: "test" }));
