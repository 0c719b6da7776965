-- The store of a build without feature levels: schema 1, record format 2. The master key is 32
-- zero bytes. The session token beside the records was sealed by the same server.

CREATE TABLE store (
    -- One row.
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    schema_version INTEGER NOT NULL,
    -- The number of the last commit.
    revision       INTEGER NOT NULL
) STRICT;
CREATE TABLE record (
    key      TEXT PRIMARY KEY,
    value    BLOB NOT NULL,
    -- The commit that last put it.
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO store (id, schema_version, revision) VALUES (1, 1, 15);
INSERT INTO record (key, value, revision) VALUES ('access-key/AKIAUO7Z7B4TM66BD2Y5', CAST('{"format":2,"kind":"access-key","record":{"id":"AKIAUO7Z7B4TM66BD2Y5","account":"307077517094","owner":{"user":"AIDAWOXV2R2JECQ7G5VLV"},"status":"active","secret":"AaCRcLiffggYNGB7P0iaDF6AMaSieNU3PIj4FxSPLtY9uZkkxKHW-QHQxVTec8Ctw4ahJuguJ9fhEYDyE2N4Ud25qwKCZy6LZw","created":"2026-11-30T20:01:30.910243393Z"}}' AS BLOB), 4);
INSERT INTO record (key, value, revision) VALUES ('access-key/AKIAUO7Z7B4TOS6WBSBA', CAST('{"format":2,"kind":"access-key","record":{"id":"AKIAUO7Z7B4TOS6WBSBA","account":"307077517094","owner":"root","status":"active","secret":"AaCRcLgDUUMhqmf6w-UpBTv_W4rKkE03UQeqCI_kf0SxsQIHJDKafrOL8RxiFSNWgxMkvVeTZUJmqIq9DiI8REBRtEf4-iXJ6g","created":"2026-11-30T20:01:14.738719976Z"}}' AS BLOB), 2);
INSERT INTO record (key, value, revision) VALUES ('account/307077517094', CAST('{"format":2,"kind":"account","record":{"id":"307077517094","management":true,"created":"2026-11-30T20:01:14.738719976Z"}}' AS BLOB), 2);
INSERT INTO record (key, value, revision) VALUES ('bucket/insights', CAST('{"format":2,"kind":"bucket","record":{"name":"insights","id":"insights.34f3999512e5315939680ac53e4e5c08","owner":"307077517094","region":"us-east-1","upstream":"embedded","state":"active","created":"2026-11-30T20:01:30.997227927Z"}}' AS BLOB), 13);
INSERT INTO record (key, value, revision) VALUES ('instance-profile-name/307077517094/web', CAST('{"format":2,"kind":"lookup","record":"instance-profile/307077517094/AIPAZUUZBN2CFMN6LOYFW"}' AS BLOB), 10);
INSERT INTO record (key, value, revision) VALUES ('instance-profile/307077517094/AIPAZUUZBN2CFMN6LOYFW', CAST('{"format":2,"kind":"instance-profile","record":{"id":"AIPAZUUZBN2CFMN6LOYFW","account":"307077517094","name":"web","path":"/","role":"AROABICLAB6Q3HTXKMQRY","created":"2026-11-30T20:01:30.972378004Z"}}' AS BLOB), 11);
INSERT INTO record (key, value, revision) VALUES ('keyring', CAST('{"format":2,"kind":"keyring","record":{"keys":[{"id":"12b1967b","created":"2026-11-30T20:01:14.738719976Z","active_from":"2026-11-30T20:01:14.738719976Z","secret":"AaCRcLgZF0Z4bRFDsca79-hzDxSoqe555xxBJLZKrFjy0O2FOhVpy3-sPDXMYhc5U3JCoK8Bkc-XV-RKgnm-e8Q"}]}}' AS BLOB), 1);
INSERT INTO record (key, value, revision) VALUES ('policy-name/307077517094/everything-in-s3', CAST('{"format":2,"kind":"lookup","record":"policy/307077517094/ANPARRMUZBEDWKPEPHHXN"}' AS BLOB), 5);
INSERT INTO record (key, value, revision) VALUES ('policy/307077517094/ANPARRMUZBEDWKPEPHHXN', CAST('{"format":2,"kind":"policy","record":{"id":"ANPARRMUZBEDWKPEPHHXN","account":"307077517094","name":"everything-in-s3","path":"/","description":null,"versions":[{"number":1,"document":"{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}]}","created":"2026-11-30T20:01:30.91957163Z"}],"default_version":1,"created":"2026-11-30T20:01:30.91957163Z","updated":"2026-11-30T20:01:30.91957163Z"}}' AS BLOB), 9);
INSERT INTO record (key, value, revision) VALUES ('provider-url/307077517094/oidc.example/id/1', CAST('{"format":2,"kind":"lookup","record":"provider/307077517094/OIDCXIC7VS75JBVI6WKON"}' AS BLOB), 6);
INSERT INTO record (key, value, revision) VALUES ('provider/307077517094/OIDCXIC7VS75JBVI6WKON', CAST('{"format":2,"kind":"provider","record":{"id":"OIDCXIC7VS75JBVI6WKON","account":"307077517094","url":"https://oidc.example/id/1","issuer_override":null,"client_ids":["sts.amazonaws.com"],"thumbprints":["0000000000000000000000000000000000000000"],"jwks":null,"ca_bundle":null,"created":"2026-11-30T20:01:30.924430465Z"}}' AS BLOB), 6);
INSERT INTO record (key, value, revision) VALUES ('role-name/307077517094/reader', CAST('{"format":2,"kind":"lookup","record":"role/307077517094/AROABICLAB6Q3HTXKMQRY"}' AS BLOB), 7);
INSERT INTO record (key, value, revision) VALUES ('role/307077517094/AROABICLAB6Q3HTXKMQRY', CAST('{"format":2,"kind":"role","record":{"id":"AROABICLAB6Q3HTXKMQRY","account":"307077517094","name":"reader","path":"/","description":"reads","max_session_duration":3600,"trust":{"text":"{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Federated\": \"arn:aws:iam::307077517094:oidc-provider/oidc.example/id/1\"}, \"Action\": \"sts:AssumeRoleWithWebIdentity\"}, {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"arn:aws:iam::307077517094:user/team/alice\", \"Service\": \"ec2.amazonaws.com\"}, \"Action\": \"sts:AssumeRole\"}]}","principals":[{"arn":"arn:aws:iam::307077517094:user/team/alice","id":"AIDAWOXV2R2JECQ7G5VLV"}]},"permissions":{"inline":{"inline":"{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}]}"},"attached":["arn:aws:iam::307077517094:policy/everything-in-s3"]},"created":"2026-11-30T20:01:30.926875887Z"}}' AS BLOB), 11);
INSERT INTO record (key, value, revision) VALUES ('table/307077517094/us-east-1/orders', CAST('{"format":2,"kind":"table","record":{"name":"orders","account":"307077517094","region":"us-east-1","upstream":"embedded","state":"active","created":"2026-11-30T20:01:31.091614678Z","partition_key":"pk","index_partition_keys":{},"tags":{"team":"red"}}}' AS BLOB), 15);
INSERT INTO record (key, value, revision) VALUES ('user-name/307077517094/alice', CAST('{"format":2,"kind":"lookup","record":"user/307077517094/AIDAWOXV2R2JECQ7G5VLV"}' AS BLOB), 3);
INSERT INTO record (key, value, revision) VALUES ('user/307077517094/AIDAWOXV2R2JECQ7G5VLV', CAST('{"format":2,"kind":"user","record":{"id":"AIDAWOXV2R2JECQ7G5VLV","account":"307077517094","name":"alice","path":"/team/","permissions":{"inline":{},"attached":[]},"created":"2026-11-30T20:01:30.850532595Z"}}' AS BLOB), 4);
