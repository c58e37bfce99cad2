using System.Text;
using Burrow.Access;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Access;

/// <summary>Keys, from their creation to their end.</summary>
public sealed class KeyTests(Azurite azurite) : IAsyncLifetime
{
    private const int Forgeries = 10_000;
    private const int Seed = 20_261_124;
    private const string Secret = "a secret of thirty-two characters";
    private const string LinkTerms = """{"method":"GET","queue":"q","expires":"2100-01-01T00:00:00Z"}""";

    private readonly MemoryTableStore store = new();
    private AccessServer server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await AccessServer.StartAsync(store, secret: Secret);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_key_is_shown_once_and_kept_as_a_hash()
    {
        var key = await server.MakeKeyAsync("worker", "receive send", "orders-*", "2100-01-31T12:00:00+01:00");

        key.ShouldMatch("^brw_[a-z2-7]{26}-worker-[a-z2-7]{16}_[0-9a-f]{64}$");
        var shown = await server.SendAsync(server.Admin, "GET", "/keys/a/worker");
        shown.Text.ShouldBe(
            $$"""{"name":"worker","id":"{{key.Split('_')[1]}}","queues":"orders-*","allow":["send","receive"],"""
            + "\"created\":\"2026-01-02T03:04:05.000Z\",\"expires\":\"2100-01-31T11:00:00.000Z\",\"madeWith\":\"admin-test\"}");
        (await server.SendAsync(server.Admin, "GET", "/keys/a")).Text.ShouldBe($"[{shown.Text}]");
        var row = (await store.Open(AccessTable.Name).QueryAsync(KeyId.PartitionOf(new("a")), new("!", "~"), Token)).Rows.Single();
        string.Join(
            ' ',
            row.Columns.Select(
                column => column.Value is byte[] bytes ? Encoding.Latin1.GetString(bytes) + Convert.ToHexStringLower(bytes) : column.Value))
            .ShouldNotContain(key.Split('_')[2]);
    }

    [Fact]
    public async Task A_name_that_exists_is_a_conflict_and_changes_nothing()
    {
        var key = await server.MakeKeyAsync("worker", "read");
        (await server.SendAsync(server.Admin, "PUT", "/keys/a/worker", """{"allow":["send"]}""")).ShouldBeAProblem(409);
        (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);

        // A key that is deleted and made again is another key.
        (await server.SendAsync(server.Admin, "DELETE", "/keys/a/worker")).Status.ShouldBe(200);
        (await server.SendAsync(server.Admin, "DELETE", "/keys/a/worker")).Status.ShouldBe(404);
        var again = await server.MakeKeyAsync("worker", "read");
        again.ShouldNotBe(key);
        (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(401);
        (await server.SendAsync(again, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("""{"allow":[]}""", "allow")]
    [InlineData("""{}""", "allow")]
    [InlineData("""{"allow":["everything"]}""", "allow")]
    [InlineData("""{"allow":["Send"]}""", "allow")]
    [InlineData("""{"allow":[1]}""", "allow")]
    [InlineData("""{"allow":"send"}""", "allow")]
    [InlineData("""{"allow":["send"],"queues":""}""", "queues")]
    [InlineData("""{"allow":["send"],"queues":7}""", "queues")]
    [InlineData("""{"allow":["send"],"expires":"tomorrow"}""", "expires")]
    [InlineData("""{"allow":["send"],"expires":"2100-01-01"}""", "expires")]
    [InlineData("""{"allow":["send"],"expires":"2100-01-01T00:00:00"}""", "expires")]
    [InlineData("""{"allow":["send"],"expires":"2100-13-01T00:00:00Z"}""", "expires")]
    [InlineData("""{"allow":["send"],"expires":"2020-01-01T00:00:00Z"}""", "expires")]
    [InlineData("""{"allow":["send"],"expires":"0000-01-01T00:00:00Z"}""", "expires")]
    [InlineData("""{"allow":["send"],"expires":"2100-01-01T00:00:00+24:00"}""", "expires")]
    [InlineData("""{"allow":["send"],"expires":"2100-12-31T23:58:60Z"}""", "expires")]
    [InlineData("""{"allow":["send"],"secret":"mine"}""", "body")]
    [InlineData("""{"allow":["send"],"allow":["read"]}""", "allow")]
    [InlineData("""{"allow":["send"],"\u0061llow":["send"]}""", "allow")]
    [InlineData("""{"queues":null,"allow":["send"],"queues":"q"}""", "queues")]
    [InlineData("""[]""", "body")]
    [InlineData("""{"allow":["send"]""", "body")]
    [InlineData("", "body")]
    public async Task What_is_wrong_with_a_key_is_named(string body, string parameter) =>
        (await server.SendAsync(server.Admin, "PUT", "/keys/a/worker", body)).ShouldRefuse(parameter);

    [Theory]
    [InlineData("2030-01-01T00:00:00.123456789Z", "2030-01-01T00:00:00.123Z")]
    [InlineData("2030-01-01T00:00:00.000000000+02:00", "2029-12-31T22:00:00.000Z")]
    [InlineData("2030-01-01T00:00:00+14:01", "2029-12-31T09:59:00.000Z")]
    [InlineData("2030-01-01T00:00:00-23:59", "2030-01-01T23:59:00.000Z")]
    [InlineData("2026-12-31T23:59:60Z", "2027-01-01T00:00:00.000Z")]
    public async Task An_expiry_is_any_instant_of_rfc_3339(string expires, string shown)
    {
        var made = await server.SendAsync(server.Admin, "PUT", "/keys/a/worker", $$"""{"allow":["read"],"expires":"{{expires}}"}""");
        made.Status.ShouldBe(201);
        made.Json.GetProperty("expires").GetString().ShouldBe(shown);

        var link = await server.SendAsync(
            server.Admin, "POST", "/links/a", $$"""{"method":"GET","queue":"q","expires":"{{expires}}"}""");
        link.Status.ShouldBe(201);
        link.Json.GetProperty("expires").GetString().ShouldBe(shown[..20].Replace('.', 'Z').Insert(19, ".000"));
    }

    [Theory]
    [InlineData("PUT", "/keys/a/worker", """{"allow":["read"]}""")]
    [InlineData("POST", "/links/a", """{"method":"GET","queue":"q","expires":"2100-01-01T00:00:00Z"}""")]
    [InlineData("PUT", "/limits/a", """{"queues":7}""")]
    [InlineData("PUT", "/subscriptions/a/hook", """{"endpoint":"https://example.com/"}""")]
    public async Task A_byte_order_mark_before_json_is_ignored(string method, string target, string body)
    {
        (await server.SendAsync(server.Admin, method, target, $"\uFEFF{body}")).Status.ShouldBeInRange(200, 201);
        (await server.SendAsync(server.Admin, method, target, $"\uFEFF\uFEFF{body}")).ShouldRefuse("body");
    }

    [Theory]
    [InlineData("/keys/a/worker", """{"allow":["read"]}""")]
    [InlineData("/limits/a", """{"queues":7}""")]
    [InlineData("/subscriptions/a/hook", """{"endpoint":"https://example.com/"}""")]
    public async Task A_part_of_a_body_is_put_nowhere(string target, string body) =>
        (await server.SendAsync(server.Admin, "PUT", target, body, ("Content-Range", $"bytes 0-{body.Length - 1}/{body.Length}")))
            .ShouldRefuse("Content-Range");

    [Theory]
    [InlineData("Worker")]
    [InlineData("a_b")]
    [InlineData("%20")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task A_key_s_name_is_plain(string name) =>
        (await server.SendAsync(server.Admin, "PUT", $"/keys/a/{name}", """{"allow":["send"]}""")).ShouldRefuse("name");

    [Fact]
    public async Task What_a_key_makes_is_no_wider_and_lasts_no_longer()
    {
        var key = await server.MakeKeyAsync("lead", "manage read send", "orders-*", "2027-01-01T00:00:00Z");
        foreach (var wider in (string[])
            [
                """{"queues":"orders-*","allow":["delete"]}""",
                """{"queues":"order*","allow":["read"]}""",
                """{"allow":["read"]}""",
                """{"queues":"orders-1","allow":["read"],"expires":"2027-01-01T00:00:01Z"}""",
            ])
        {
            (await server.SendAsync(key, "PUT", "/keys/a/wider", wider)).ShouldBeAProblem(403);
        }

        await server.MakeKeyAsync("narrower", "manage read", "orders-1*", with: key);
        var narrower = (await server.SendAsync(key, "GET", "/keys/a/narrower")).Json;
        narrower.GetProperty("expires").GetString().ShouldBe("2027-01-01T00:00:00.000Z");
        narrower.GetProperty("madeWith").GetString().ShouldBe(key.Split('_')[1]);
    }

    [Fact]
    public async Task A_key_sees_and_revokes_only_what_is_no_wider_than_itself()
    {
        await server.MakeKeyAsync("wide", "manage send");
        var lead = await server.MakeKeyAsync("lead", "manage read", "orders-*");
        await server.MakeKeyAsync("reader", "read", "orders-1");

        (await server.SendAsync(lead, "GET", "/keys/a")).Json.EnumerateArray()
            .Select(key => key.GetProperty("name").GetString())
            .ShouldBe(["lead", "reader"]);
        (await server.SendAsync(lead, "GET", "/keys/a/wide")).Status.ShouldBe(404);
        (await server.SendAsync(lead, "DELETE", "/keys/a/wide")).Status.ShouldBe(404);
        (await server.SendAsync(lead, "DELETE", "/keys/a/reader")).Status.ShouldBe(200);
        var made = await server.MakeKeyAsync("made", "manage read", "orders-*", with: lead);
        (await server.SendAsync(made, "DELETE", "/keys/a/lead")).ShouldBeAProblem(403);
        (await server.SendAsync(made, "DELETE", "/keys/a/made")).Status.ShouldBe(200);
        (await server.SendAsync(lead, "DELETE", "/keys/a/lead")).Status.ShouldBe(200);
        (await server.SendAsync(lead, "GET", "/keys/a")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Revoked_with_a_key_is_all_that_was_made_with_it()
    {
        var first = await server.MakeKeyAsync("first", "manage read");
        var second = await server.MakeKeyAsync("second", "manage read", with: first);
        var third = await server.MakeKeyAsync("third", "manage read", with: second);
        var beside = await server.MakeKeyAsync("beside", "manage read", with: first);
        var link = await server.MakeLinkAsync(third, """{"method":"GET","queue":"q","expires":"2100-01-01T00:00:00Z"}""");
        foreach (var key in (string[])[second, third, beside])
            (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        (await server.SendAsync(null, "GET", link)).Status.ShouldBe(404);

        (await server.SendAsync(server.Admin, "DELETE", "/keys/a/second")).Status.ShouldBe(200);

        foreach (var key in (string[])[second, third])
            (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(401);
        (await server.SendAsync(null, "GET", link)).Status.ShouldBe(401);
        (await server.SendAsync(beside, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        (await server.SendAsync(server.Admin, "GET", "/keys/a")).Json.EnumerateArray()
            .Select(key => key.GetProperty("name").GetString())
            .ShouldBe(["beside", "first"]);
        // The name is free again. All that was made with the old key stays revoked.
        await server.MakeKeyAsync("second", "manage read");
        (await server.SendAsync(third, "GET", "/v1.0/a/q")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task What_was_made_by_a_process_that_did_not_know_of_the_revocation_is_no_good()
    {
        var intercepted = new InterceptedStore(store);
        await using var other = await AccessServer.StartAsync(intercepted, server.Time, server.Admin);
        var first = await server.MakeKeyAsync("first", "manage read");
        (await other.SendAsync(first, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        (await server.SendAsync(server.Admin, "DELETE", "/keys/a/first")).Status.ShouldBe(200);

        (await other.SendAsync(first, "PUT", "/keys/a/late", """{"allow":["read"]}""")).ShouldBeAProblem(401);

        // The key is revoked after the other process has read it, and before that process writes the new key.
        var second = await server.MakeKeyAsync("second", "manage read");
        intercepted.Before = async call =>
        {
            if (call is not { Table: AccessTable.Name, Operations: [{ Kind: OperationKind.Insert }] })
                return;
            intercepted.Before = _ => Task.CompletedTask;
            (await server.SendAsync(server.Admin, "DELETE", "/keys/a/second")).Status.ShouldBe(200);
        };
        var late = await other.MakeKeyAsync("late", "read", with: second);
        intercepted.Before = _ => Task.CompletedTask;
        (await server.SendAsync(late, "GET", "/v1.0/a/q")).Status.ShouldBe(401);
        server.Time.Advance(AccessLimits.AccessFreshness);
        (await other.SendAsync(late, "GET", "/v1.0/a/q")).Status.ShouldBe(401);
        (await server.SendAsync(server.Admin, "GET", "/keys/a")).Status.ShouldBe(404);
        // The row of the invalid key is still there, but it does not block the name.
        await server.MakeKeyAsync("late", "read");
    }

    [Fact]
    public async Task Another_process_heeds_a_revocation_and_new_limits_within_30_s()
    {
        await using var other = await AccessServer.StartAsync(store, server.Time, server.Admin);
        var key = await server.MakeKeyAsync("worker", "read manage");
        // The second request reads the key as one that is known.
        for (var i = 0; i < 2; i++)
            (await other.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        await server.SendAsync(server.Admin, "PUT", "/limits/a", """{"messages":0}""");
        var sender = await server.MakeKeyAsync("sender", "send");
        (await other.SendAsync(sender, "PUT", "/v1.0/a/q/m", "x")).Status.ShouldBe(201);
        (await server.SendAsync(server.Admin, "DELETE", "/keys/a/worker")).Status.ShouldBe(200);

        // The process that revoked the key refuses it at once.
        (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(401);
        server.Time.Advance(AccessLimits.AccessFreshness - TimeSpan.FromSeconds(1));
        (await other.SendAsync(key, "GET", "/v1.0/a/q?detail=id")).Status.ShouldBe(200);
        server.Time.Advance(TimeSpan.FromSeconds(1));
        (await other.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(401);
        (await other.SendAsync(sender, "PUT", "/v1.0/a/q/n", "x")).Status.ShouldBe(507);
    }

    [Fact]
    public async Task Who_waits_with_a_key_that_is_revoked_or_a_link_that_expires_gets_nothing_more()
    {
        var key = await server.MakeKeyAsync("worker", "receive");
        var link = await server.MakeLinkAsync(
            server.Admin, """{"method":"POST","queue":"q","parameters":{"hide":"60","wait":"50"},"expires":"2026-01-02T03:04:25Z"}""");
        await using var byKey = await RawHttp.ConnectAsync(server.Server.Address);
        await using var byLink = await RawHttp.ConnectAsync(server.Server.Address);
        server.Time.Watch();
        var waits = byKey.SendAsync("POST", "/v1.0/a/q?hide=60&wait=49", null, ("Authorization", $"Bearer {key}"));
        await server.Time.BegunAsync(TimeSpan.FromSeconds(49));
        var linked = byLink.SendAsync("POST", link);
        await server.Time.BegunAsync(TimeSpan.FromSeconds(50));
        (await server.SendAsync(server.Admin, "DELETE", "/keys/a/worker")).Status.ShouldBe(200);

        (await server.Time.AdvanceUntilAsync(waits, TimeSpan.FromSeconds(1))).ShouldBeAProblem(401);
        (await server.Time.AdvanceUntilAsync(linked, TimeSpan.FromSeconds(1))).ShouldBeAProblem(401);
    }

    [Fact]
    public async Task What_was_still_on_its_way_when_a_key_was_revoked_is_not_stored()
    {
        var key = await server.MakeKeyAsync("sender", "send");
        await using var slow = await RawHttp.ConnectAsync(server.Server.Address);
        await slow.SendBytesAsync(
            Encoding.ASCII.GetBytes(
                $"PUT /v1.0/a/q/m HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Length: 2\r\n\r\nx"));
        // The request is let in: the server looks up its key.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!(await server.SendAsync(server.Admin, "GET", "/keys/a/sender")).Text.Contains("\"used\"", StringComparison.Ordinal))
            await Task.Delay(1, patience.Token);
        (await server.SendAsync(server.Admin, "DELETE", "/keys/a/sender")).Status.ShouldBe(200);
        await slow.SendBytesAsync("x"u8.ToArray());

        (await slow.ReadAsync("PUT")).ShouldBeAProblem(401);
        (await server.SendAsync(server.Admin, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_key_made_under_another_secret_is_as_good()
    {
        await using var other = await AccessServer.StartAsync(store, server.Time, server.Admin, "another secret of as many characters");
        var key = await other.MakeKeyAsync("worker", "read");
        (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task An_unknown_key_costs_one_read_in_30_s_and_a_known_one_too()
    {
        var reads = 0;
        var intercepted = new InterceptedStore(store)
        {
            Before = call =>
            {
                if (call.Table == AccessTable.Name && call.Kind == CallKind.Get)
                    reads++;
                return Task.CompletedTask;
            },
        };
        await using var counted = await AccessServer.StartAsync(intercepted, server.Time, server.Admin, Secret);
        var unknown = $"brw_aaaaaaaaaaaaaaaaaaaaaaaaaa-x-aaaaaaaaaaaaaaaa_{AccessServer.NewSecret()}";
        for (var i = 0; i < 5; i++)
            (await counted.SendAsync(unknown, "GET", "/v1.0/a/q")).Status.ShouldBe(401);
        reads.ShouldBe(1);

        var key = await server.MakeKeyAsync("worker", "read");
        for (var i = 0; i < 5; i++)
            (await counted.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        // One read for the key, and one for the account's limits.
        reads.ShouldBe(3);
        // A text that is no key at all costs no read.
        (await counted.SendAsync("brw_short_ff", "GET", "/v1.0/a/q")).Status.ShouldBe(401);
        reads.ShouldBe(3);

        // Many made-up keys cost at most a fixed number of reads a second. A client with a real key is still let in.
        for (var i = 0; i < 2 * AccessLimits.UnknownKeysPerSecond; i++)
            (await counted.SendAsync(unknown.Replace("-x-", $"-x{i}-"), "GET", "/v1.0/a/q")).Status.ShouldBeOneOf(401, 429);
        reads.ShouldBe(3 + AccessLimits.UnknownKeysPerSecond - 1);
        var another = await server.MakeKeyAsync("another", "read");
        (await counted.SendAsync(another, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_key_older_than_the_secret_does_not_stand_behind_unknown_ones_once_it_is_known()
    {
        var key = await server.MakeKeyAsync("worker", "read");
        await using var other = await AccessServer.StartAsync(store, server.Time, server.Admin, "another secret of as many characters");
        (await other.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        var unknown = $"brw_aaaaaaaaaaaaaaaaaaaaaaaaaa-x-aaaaaaaaaaaaaaaa_{AccessServer.NewSecret()}";

        for (var minute = 0; minute < 2; minute++)
        {
            var answers = new HashSet<int>();
            for (var i = 0; i <= AccessLimits.UnknownKeysPerSecond; i++)
                answers.Add((await other.SendAsync(unknown.Replace("-x-", $"-x{minute}-{i}-"), "GET", "/v1.0/a/q")).Status);
            answers.ShouldBe([401, 429], ignoreOrder: true);
            (await other.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
            server.Time.Advance(TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public async Task With_the_former_secret_beside_it_a_new_one_changes_nothing_for_keys_and_links()
    {
        var key = await server.MakeKeyAsync("worker", "read");
        var link = await server.MakeLinkAsync(server.Admin, LinkTerms);
        const string present = "another secret of as many characters";
        await using var both = await AccessServer.StartAsync(
            store, server.Time, server.Admin, present, options => options.Access.FormerSecret = Secret);
        await using var only = await AccessServer.StartAsync(store, server.Time, server.Admin, present);
        await FloodAsync(both);

        (await both.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        (await both.SendAsync(null, "GET", link)).Status.ShouldBe(404);
        (await only.SendAsync(null, "GET", link)).Status.ShouldBe(401);
        // What is made now is made with the present secret.
        var later = await both.MakeKeyAsync("later", "read");
        await FloodAsync(only);
        (await only.SendAsync(later, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        var newLink = await both.MakeLinkAsync(server.Admin, LinkTerms);
        (await only.SendAsync(null, "GET", newLink)).Status.ShouldBe(404);

        static async Task FloodAsync(AccessServer server)
        {
            for (var i = 0; i < 2 * AccessLimits.UnknownKeysPerSecond; i++)
            {
                var unknown = $"brw_aaaaaaaaaaaaaaaaaaaaaaaaaa-y{i}-aaaaaaaaaaaaaaaa_{AccessServer.NewSecret()}";
                (await server.SendAsync(unknown, "GET", "/v1.0/a/q")).Status.ShouldBeOneOf(401, 429);
            }
        }
    }

    [Fact]
    public async Task When_it_was_last_used_is_known_to_the_hour()
    {
        var key = await server.MakeKeyAsync("worker", "read");
        (await server.SendAsync(server.Admin, "GET", "/keys/a/worker")).Json.TryGetProperty("used", out _).ShouldBeFalse();
        await server.SendAsync(key, "GET", "/v1.0/a/q");
        await UsedAsync("2026-01-02T03:00:00.000Z");
        server.Time.Advance(TimeSpan.FromHours(2));
        await server.SendAsync(key, "GET", "/v1.0/a/q");
        await UsedAsync("2026-01-02T05:00:00.000Z");

        // The server notes the use beside the answer, so the test waits for it.
        async Task UsedAsync(string instant)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (true)
            {
                var json = (await server.SendAsync(server.Admin, "GET", "/keys/a/worker")).Json;
                if (json.TryGetProperty("used", out var used) && used.GetString() == instant)
                    return;
                await Task.Delay(1, patience.Token);
            }
        }
    }

    [Fact]
    public async Task An_account_has_so_many_keys_and_they_so_many_generations_at_most()
    {
        var key = server.Admin;
        for (var generation = 0; generation < AccessLimits.KeyGenerations; generation++)
            key = await server.MakeKeyAsync($"generation-{generation}", "manage", with: key, account: "b");
        (await server.SendAsync(key, "PUT", "/keys/b/one-more", """{"allow":["manage"]}""")).ShouldBeAProblem(403);

        var lead = await server.MakeKeyAsync("lead", "manage send");
        for (var i = 2; i < AccessLimits.KeysPerAccount; i++)
            (await server.SendAsync(lead, "PUT", $"/keys/a/k{i}", """{"allow":["send"]}""")).Status.ShouldBe(201);
        (await server.SendAsync(
            lead, "PUT", "/keys/a/soon-over", """{"allow":["send"],"expires":"2026-01-02T03:05:00Z"}""")).Status.ShouldBe(201);
        (await server.SendAsync(lead, "PUT", "/keys/a/one-more", """{"allow":["send"]}""")).ShouldBeAProblem(507);
        // The operator is not locked out, and keys that have expired make room.
        (await server.SendAsync(server.Admin, "PUT", "/keys/a/by-admin", """{"allow":["send"]}""")).Status.ShouldBe(201);
        (await server.SendAsync(server.Admin, "DELETE", "/keys/a/by-admin")).Status.ShouldBe(200);
        server.Time.Advance(TimeSpan.FromMinutes(1));
        (await server.SendAsync(lead, "PUT", "/keys/a/one-more", """{"allow":["send"]}""")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task No_forgery_of_a_key_or_a_link_is_accepted()
    {
        var key = await server.MakeKeyAsync("worker", "send receive read delete subscribe manage");
        var link = await server.MakeLinkAsync(
            key, """{"method":"GET","queue":"q","parameters":{"detail":"id"},"expires":"2100-01-01T00:00:00Z"}""");
        await server.SendAsync(key, "PUT", "/v1.0/a/q/m?ttl=0", "x");
        (await server.SendAsync(key, "GET", "/v1.0/a/q?detail=id")).Status.ShouldBe(200);
        (await server.SendAsync(null, "GET", link)).Status.ShouldBe(200);
        var random = new Random(Seed);
        var token = link.Split("st=")[1];

        for (var i = 0; i < Forgeries; i++)
        {
            // The server tells clients to come again if too many unknown keys come in a second, whatever they are. So the clock moves.
            server.Time.Advance(TimeSpan.FromSeconds(0.1));
            var (forgedKey, forgedToken) = (Mutate(i % 2 == 0 ? key : server.Admin), Mutate(token));
            if (forgedKey != key && forgedKey != server.Admin)
            {
                var answer = await server.SendAsync(forgedKey, "GET", "/v1.0/a/q?detail=id");
                answer.Status.ShouldBe(401, $"seed {Seed}, {i}: {forgedKey}");
            }

            if (forgedToken != token)
            {
                var answer = await server.SendAsync(null, "GET", $"/v1.0/a/q?detail=id&st={forgedToken}");
                answer.Status.ShouldBe(401, $"seed {Seed}, {i}: {forgedToken}");
            }
        }

        // One to three changes of one character each: another character, one more, one less, or the other case. Or another random secret.
        string Mutate(string text)
        {
            if (random.Next(10) == 0)
                return text[..^64] + Convert.ToHexStringLower(RandomBytes());
            var builder = new StringBuilder(text);
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                var at = random.Next(builder.Length);
                const string letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
                switch (random.Next(4))
                {
                    case 0:
                        builder[at] = letters[random.Next(letters.Length)];
                        break;
                    case 1:
                        builder.Insert(at, letters[random.Next(letters.Length)]);
                        break;
                    case 2:
                        builder.Remove(at, 1);
                        break;
                    default:
                        builder[at] = char.IsUpper(builder[at]) ? char.ToLowerInvariant(builder[at]) : char.ToUpperInvariant(builder[at]);
                        break;
                }
            }

            return builder.ToString();
        }

        byte[] RandomBytes()
        {
            var bytes = new byte[32];
            random.NextBytes(bytes);
            return bytes;
        }
    }

    [Fact]
    public async Task Keys_survive_a_restart_and_a_revocation_reaches_another_process()
    {
        var storage = await azurite.ConnectionStringAsync();
        var admin = AccessServer.NewAdminKey();
        var environment = new Dictionary<string, string?>
        {
            ["Burrow__Access__Mode"] = "Keys",
            ["Burrow__Access__AdminKeys"] = admin,
            ["Burrow__Access__Secret"] = SuiteLog.Whole.Keep(AccessServer.NewSecret()),
            ["Burrow__Storage__TablePrefix"] = Stores.NewPrefix(),
        };
        string key;
        await using (var first = await StartAsync())
        {
            using var made = await SendAsync(first, admin, HttpMethod.Put, "/keys/a/worker", """{"allow":["send","read"]}""");
            key = SuiteLog.Whole.Keep(
                System.Text.Json.JsonElement.Parse(await made.Content.ReadAsStringAsync(Token)).GetProperty("key").GetString()!);
            await first.KillAsync();
        }

        await using var one = await StartAsync();
        await using var two = await StartAsync();
        foreach (var process in (BurrowProcess[])[one, two])
            ((int)(await SendAsync(process, key, HttpMethod.Put, "/v1.0/a/q/m", "x")).StatusCode).ShouldBeOneOf(200, 201);
        ((int)(await SendAsync(one, admin, HttpMethod.Delete, "/keys/a/worker")).StatusCode).ShouldBe(200);
        ((int)(await SendAsync(one, key, HttpMethod.Get, "/v1.0/a/q")).StatusCode).ShouldBe(401);
        // The other process refuses it within 30 s. Its clock is real, so the test has to wait.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while ((int)(await SendAsync(two, key, HttpMethod.Get, "/v1.0/a/q")).StatusCode != 401)
            await Task.Delay(250, patience.Token);

        Task<BurrowProcess> StartAsync() => BurrowProcess.StartAsync($"azure:{storage}", environment, null, int.MaxValue);

        static Task<HttpResponseMessage> SendAsync(BurrowProcess process, string key, HttpMethod method, string target, string? body = null)
        {
            var request = new HttpRequestMessage(method, target) { Content = body is null ? null : new StringContent(body) };
            request.Headers.Authorization = new("Bearer", key);
            return process.Http.SendAsync(request, Token);
        }
    }
}
