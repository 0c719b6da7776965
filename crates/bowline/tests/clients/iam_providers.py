"""OpenID Connect providers, their client ids and thumbprints."""

from transcript import call, client

iam = client("iam")
url = "https://oidc.example.org/id/ABC"

arn = call(iam.create_open_id_connect_provider, Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40])["OpenIDConnectProviderArn"]
call(iam.create_open_id_connect_provider, Url=url, ClientIDList=["other"], ThumbprintList=["a" * 40])
call(iam.create_open_id_connect_provider, Url="oidc.example.org", ThumbprintList=["a" * 40])
call(iam.create_open_id_connect_provider, Url="http://oidc.example.org", ThumbprintList=["a" * 40])
call(iam.create_open_id_connect_provider, Url="https://oidc.example.org/?a=b", ThumbprintList=["a" * 40])
call(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)
call(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn + "x")
call(iam.add_client_id_to_open_id_connect_provider, OpenIDConnectProviderArn=arn, ClientID="second")
call(iam.add_client_id_to_open_id_connect_provider, OpenIDConnectProviderArn=arn, ClientID="second")
call(iam.update_open_id_connect_provider_thumbprint, OpenIDConnectProviderArn=arn, ThumbprintList=["b" * 40])
call(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)
call(iam.remove_client_id_from_open_id_connect_provider, OpenIDConnectProviderArn=arn, ClientID="second")
call(iam.remove_client_id_from_open_id_connect_provider, OpenIDConnectProviderArn=arn, ClientID="second")
call(iam.delete_open_id_connect_provider, OpenIDConnectProviderArn=arn)
call(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)
call(iam.delete_open_id_connect_provider, OpenIDConnectProviderArn=arn)
