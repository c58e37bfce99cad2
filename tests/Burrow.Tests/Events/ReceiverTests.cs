using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Burrow.Events.Model;
using Burrow.Events.Outbox;
using Burrow.Events.Signing;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tests.Support;
using CsCheck;
using Jose;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Burrow.Tests.Events;

/// <summary>The documentation's receiver, with events as this service makes them, and as an attacker changes them.</summary>
public sealed class ReceiverTests : IAsyncLifetime
{
    private const int Attacks = 3_000;

    private static readonly QueueAddress Orders = new(new("shop"), new("orders/é"));
    private static readonly string Source = Topic.Of(Orders.Account);
    private static readonly string SigningKeys = SigningKeyPem.New();

    private static readonly Dictionary<string, (string Type, byte[] Body, int Chunks)> Honest = new()
    {
        ["text"] = (EventTypes.MessageCreated, "two pizzas"u8.ToArray(), 0),
        ["an empty body"] = (EventTypes.MessageCreated, [], 0),
        ["bytes"] = (EventTypes.MessageCreated, [0xFF, 0xD8, 0, 1], 0),
        ["a body too large for its event"] = (EventTypes.MessageCreated, new byte[65_000], 2),
        ["an expired message"] = (EventTypes.MessageExpired, "old"u8.ToArray(), 0),
        ["an expired message too large for its event"] =
            (EventTypes.MessageExpired, Encoding.UTF8.GetBytes(new string('"', 20_000)), 0),
        ["an expired message whose body is gone"] = (EventTypes.MessageExpired, new byte[65_000], 2),
    };

    private Service burrow = null!;
    private Hook hook = null!;
    private Receiver receiver = null!;
    private EventComposer composer = null!;

    public static TheoryData<string> All => [.. Honest.Keys];

    public static TheoryData<string, bool> Tokens
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var (what, (isGood, _, _)) in Forged)
                data.Add(what, isGood);
            return data;
        }
    }

    /// <summary>Changes of the header and the claims of a signature made with the right key, and whether the event is good then.</summary>
    private static Dictionary<string, (bool IsGood, Action<JsonObject> Header, Action<JsonObject> Claims)> Forged { get; } = new()
    {
        ["as it is"] = (true, Same, Same),
        ["without type"] = (true, header => header.Remove("typ"), Same),
        ["crit of an unknown extension"] = (false, header => header["crit"] = new JsonArray("exp"), Same),
        ["crit that is empty"] = (false, header => header["crit"] = new JsonArray(), Same),
        ["crit that is null"] = (false, header => header["crit"] = null, Same),
        ["crit of b64"] = (false, header => (header["crit"], header["b64"]) = (new JsonArray("b64"), true), Same),
        ["b64 without crit"] = (false, header => header["b64"] = false, Same),
        ["alg none"] = (false, header => header["alg"] = "none", Same),
        ["alg HS256"] = (false, header => header["alg"] = "HS256", Same),
        ["alg ES384"] = (false, header => header["alg"] = "ES384", Same),
        ["alg of another case"] = (false, header => header["alg"] = "es256", Same),
        ["alg that is a number"] = (false, header => header["alg"] = 256, Same),
        ["no alg"] = (false, header => header.Remove("alg"), Same),
        ["no kid"] = (false, header => header.Remove("kid"), Same),
        ["kid that is null"] = (false, header => header["kid"] = null, Same),
        ["kid that is a number"] = (false, header => header["kid"] = 1, Same),
        ["kid that is unknown"] = (false, header => header["kid"] = "other", Same),
        ["another issuer"] = (false, Same, claims => claims["iss"] = "https://evil.example"),
        ["no issuer"] = (false, Same, claims => claims.Remove("iss")),
        ["another source"] = (false, Same, claims => claims["source"] = Topic.Of(new("other"))),
        ["another id"] = (false, Same, claims => claims["jti"] = "other"),
        ["another type"] = (false, Same, claims => claims["type"] = EventTypes.MessageExpired),
        ["another subject"] = (false, Same, claims => claims["subject"] = "orders/other"),
        ["no subject"] = (false, Same, claims => claims.Remove("subject")),
        ["a subject that is an array"] = (false, Same, claims => claims["subject"] = new JsonArray("orders", "m")),
        ["another hash"] = (false, Same, claims => claims["bodyhash"] = EventSigner.Hash("other"u8)),
        ["a hash that is a number"] = (false, Same, claims => claims["bodyhash"] = 1),
        ["a hash that is null"] = (false, Same, claims => claims["bodyhash"] = null),
        ["no hash"] = (false, Same, claims => claims.Remove("bodyhash")),
        ["a body that should be omitted"] = (false, Same, claims => claims["bodyomitted"] = true),
        ["a body that is not omitted"] = (true, Same, claims => claims["bodyomitted"] = false),
        ["an end to come"] = (true, Same, claims => claims["exp"] = 32_503_680_000.5),
        ["an end that is past"] = (false, Same, claims => claims["exp"] = 1_000_000_000),
        ["an end that is a text"] = (false, Same, claims => claims["exp"] = "32503680000"),
        ["no instant"] = (false, Same, claims => claims.Remove("iat")),
        ["an instant that is a text"] = (false, Same, claims => claims["iat"] = "1767323045"),
    };

    public async ValueTask InitializeAsync()
    {
        burrow = await Service.StartAsync();
        receiver = new Receiver(burrow.Address, Source, message => hook.Taken.Add(message));
        hook = await Hook.StartAsync(receiver);
        var options = new EventsOptions { SigningKeys = SigningKeys, PublicUrl = burrow.Address };
        var time = new TestTime();
        burrow.Signer = new EventSigner(options, time);
        composer = new(new(burrow.Signer), options, time, Random.Shared);
    }

    public async ValueTask DisposeAsync()
    {
        await hook.DisposeAsync();
        await burrow.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_honest_event_is_taken_with_its_body_or_without(string what)
    {
        var json = EventOf(what);

        var message = (await VerifyAsync(json.ToJsonString())).ShouldNotBeNull();

        (message.Queue, message.Id, message.Type, message.EventId).ShouldBe(
            ("orders/é", "m/1", Honest[what].Type, (string)json["id"]!));
        message.Body.ShouldBe(json["data"]!.AsObject().ContainsKey("body") ? Honest[what].Body : null);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_body_is_neither_cut_out_nor_put_in_on_the_way(string what)
    {
        var json = EventOf(what);
        var data = json["data"]!.AsObject();
        var hasBody = data.Remove("body");
        (await VerifyAsync(json.ToJsonString()) is null).ShouldBe(hasBody);
        data.Remove("encoding");
        (await VerifyAsync(json.ToJsonString()) is null).ShouldBe(hasBody);
        json.Remove("data");
        (await VerifyAsync(json.ToJsonString()) is null).ShouldBe(hasBody);

        foreach (var other in new JsonNode?[] { "", "other", Convert.ToBase64String(Honest[what].Body), null, 1, true, new JsonArray("a") })
        {
            var isSame = hasBody && other is JsonValue value && value.TryGetValue<string>(out var text)
                && text == Encoding.UTF8.GetString(Honest[what].Body);
            json["data"] = new JsonObject { ["body"] = other };
            (await VerifyAsync(json.ToJsonString()) is null).ShouldBe(!isSame);
        }

        foreach (var encoding in new JsonNode?[] { "gzip", "BASE64", "", null, 1 })
        {
            json["data"] = new JsonObject { ["body"] = Convert.ToBase64String(Honest[what].Body), ["encoding"] = encoding };
            (await VerifyAsync(json.ToJsonString())).ShouldBeNull();
        }
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public async Task A_signature_is_good_only_as_this_service_makes_it(string what, bool isGood)
    {
        var json = EventOf("text");
        var parts = ((string)json["signature"]!).Split('.');
        var (header, claims) = (Decoded(parts[0]), Decoded(parts[1]));
        Forged[what].Header(header);
        Forged[what].Claims(claims);
        json["signature"] = Sign(header.ToJsonString(), claims.ToJsonString());

        (await VerifyAsync(json.ToJsonString()) is not null).ShouldBe(isGood);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\".\"")]
    [InlineData("\"..\"")]
    [InlineData("\"...\"")]
    [InlineData("\"....\"")]
    [InlineData("\"a.b.c\"")]
    [InlineData("\"e30.e30.e30\"")]
    [InlineData("\"e30..\"")]
    [InlineData("\"bnVsbA.bnVsbA.bnVsbA\"")]
    [InlineData("\"W10.W10.W10\"")]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"\\u0000\"")]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("true")]
    [InlineData("[]")]
    [InlineData("{}")]
    public async Task A_signature_that_is_none_is_refused(string signature)
    {
        var genuine = EventOf("text").ToJsonString();
        var whole = JsonSerializer.Serialize((string)EventOf("text")["signature"]!);
        var json = EventOf("text");
        json["signature"] = "here";

        (await VerifyAsync(json.ToJsonString().Replace("\"here\"", signature, StringComparison.Ordinal))).ShouldBeNull();
        // A program that reads the first of two members would take what one that reads the last has verified.
        (await VerifyAsync($$"""{"signature":{{signature}},{{genuine[1..]}}""")).ShouldBeNull();
        (await VerifyAsync($"{genuine[..^1]},\"signature\":{signature}}}")).ShouldBeNull();
        whole.ShouldNotBe(signature);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("\"event\"")]
    [InlineData("[{}]")]
    public async Task What_is_no_event_is_refused(string json) => (await VerifyAsync(json)).ShouldBeNull();

    [Fact]
    public async Task Only_the_very_text_of_a_signature_is_good()
    {
        var json = EventOf("text");
        var signature = (string)json["signature"]!;

        await Damaged(signature, "ABCwxyz019-_.=+/ \n").SampleAsync(
            async damaged =>
            {
                var copy = json.DeepClone().AsObject();
                copy["signature"] = damaged;
                (await VerifyAsync(copy.ToJsonString()) is not null).ShouldBe(damaged == signature, damaged);
            },
            iter: Attacks);
    }

    [Fact]
    public async Task Of_a_damaged_event_only_what_was_signed_is_taken()
    {
        var events = Honest.Keys.Where(what => Honest[what].Body.Length < 100).Select(EventOf).ToList();
        foreach (var json in events)
        {
            var genuine = (await VerifyAsync(json.ToJsonString())).ShouldNotBeNull();
            await Gen.OneOf(Damaged(json.ToJsonString(), "\"{}[]:,.\\u0d8ae1tn -"), Restructured(json)).SampleAsync(
                async damaged =>
                {
                    if (!IsJson(damaged))
                        return;
                    if (await VerifyAsync(damaged) is { } taken)
                        Describe(taken).ShouldBe(Describe(genuine), damaged);
                },
                iter: Attacks);
        }
    }

    [Fact]
    public async Task A_request_is_answered_whatever_it_holds()
    {
        var genuine = EventOf("text").ToJsonString();

        (await hook.PostAsync(Encoding.UTF8.GetBytes(genuine))).ShouldBe(HttpStatusCode.OK);
        hook.Taken.Single().Body.ShouldBe("two pizzas"u8.ToArray());
        (await hook.PostAsync(Encoding.UTF8.GetBytes(genuine.Replace("pizzas", "salads", StringComparison.Ordinal))))
            .ShouldBe(HttpStatusCode.Unauthorized);
        (await hook.PostAsync("{}"u8.ToArray())).ShouldBe(HttpStatusCode.Unauthorized);
        (await hook.PostAsync("""{"signature":"\ud800"}"""u8.ToArray())).ShouldBe(HttpStatusCode.Unauthorized);
        (await hook.PostAsync("""{"\ud800":1,"signature":"a"}"""u8.ToArray())).ShouldBe(HttpStatusCode.Unauthorized);
        (await hook.PostAsync([])).ShouldBe(HttpStatusCode.BadRequest);
        (await hook.PostAsync("not json"u8.ToArray())).ShouldBe(HttpStatusCode.BadRequest);
        (await hook.PostAsync(Encoding.UTF8.GetBytes(new string('[', 5_000)))).ShouldBe(HttpStatusCode.BadRequest);
        (await hook.PostAsync([.. "{\"signature\":\""u8, 0xFF, .. "\"}"u8])).ShouldBe(HttpStatusCode.Unauthorized);
        await Gen.Byte.Array[0, 100].SampleAsync(
            async bytes => ((int)await hook.PostAsync(bytes)).ShouldBeInRange(400, 401), iter: 100, threads: 1);
        hook.Taken.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_body_no_more_is_read_than_an_event_has(bool isChunked)
    {
        var genuine = EventOf("text").ToJsonString();
        var largest = Encoding.UTF8.GetBytes(genuine.PadRight(1024 * 1024));

        (await hook.PostAsync(largest, isChunked)).ShouldBe(HttpStatusCode.OK);
        (await hook.PostAsync([.. largest, (byte)' '], isChunked)).ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await hook.PostAsync(new byte[20 * 1024 * 1024], isChunked)).ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Events_that_arrive_together_are_all_taken_though_the_keys_are_new()
    {
        var genuine = EventOf("text").ToJsonString();
        using var document = JsonDocument.Parse(genuine);
        for (var round = 0; round < 200; round++)
        {
            var fresh = new Receiver(burrow.Address, Source, _ => { });
            var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var verifying = Enumerable.Range(0, 8).Select(async _ =>
            {
                await begin.Task;
                return await fresh.VerifyAsync(document.RootElement);
            }).ToList();
            begin.SetResult();
            (await Task.WhenAll(verifying)).ShouldAllBe(message => message != null);
        }
    }

    [Fact]
    public async Task While_the_keys_cannot_be_read_no_event_is_refused_for_good()
    {
        var genuine = Encoding.UTF8.GetBytes(EventOf("text").ToJsonString());
        foreach (var keys in new[] { "{", "[]", "{\"keys\":7}" })
        {
            burrow.Answer = Results.Text(keys);
            (await hook.PostAsync(genuine)).ShouldBe(HttpStatusCode.InternalServerError, keys);
        }

        burrow.Answer = Results.StatusCode(503);
        (await hook.PostAsync(genuine)).ShouldBe(HttpStatusCode.InternalServerError);
        burrow.Answer = null;
        (await hook.PostAsync(genuine)).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>An event as this service makes it, as JSON.</summary>
    private JsonObject EventOf(string what)
    {
        var (type, body, chunks) = Honest[what];
        var state = new MessageState
        {
            Id = new("m/1"),
            Sequence = new(7),
            VisibleAt = 0,
            ExpiresAt = MessageState.Never - 1,
            Deliveries = 0,
            Inserted = new TestTime().GetUtcNow().UtcTicks,
            Revisions = new("aaaaaaaa"),
            Chunks = chunks,
            BodyRevision = "aaaaaaaa",
            Length = body.Length,
        };
        var row = type == EventTypes.MessageCreated
            ? composer.NewMessageCreated(Orders, state, new(state.Id, body, "text/plain", default, Precondition.None))
            : composer.NewMessageExpired(
                Orders, state with { ExpiresAt = state.Inserted }, new("etag", state, "text/plain", null, chunks == 0 ? body : []));
        return JsonSerializer.SerializeToNode(composer.ToEvent(Orders, row))!.AsObject();
    }

    private async Task<ReceivedMessage?> VerifyAsync(string json)
    {
        using var document = JsonDocument.Parse(json);
        return await receiver.VerifyAsync(document.RootElement);
    }

    private static (string, string, string, string, string?) Describe(ReceivedMessage message) => (
        message.EventId, message.Type, message.Queue, message.Id, message.Body is null ? null : Convert.ToHexString(message.Body));

    private static bool IsJson(string text)
    {
        try
        {
            JsonDocument.Parse(text).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Texts in which some characters were replaced, removed, or put in.</summary>
    private static Gen<string> Damaged(string text, string characters) =>
        Gen.Select(Gen.Int[0, text.Length], Gen.Int[0, 3], Gen.String[Gen.Char[characters], 0, 3]).Select(
            (at, length, by) => text[..at] + by + text[Math.Min(at + length, text.Length)..]);

    /// <summary>Events of which a member was removed, renamed, given twice or replaced, in the event itself or in its data.</summary>
    private static Gen<string> Restructured(JsonObject json)
    {
        var values = new JsonNode?[] { null, 0, true, "", "orders/m", "a.b.c", new JsonArray(), new JsonObject() };
        var paths = json.Select(member => (member.Key, (string?)null))
            .Concat(json["data"]!.AsObject().Select(member => ("data", (string?)member.Key)))
            .ToList();
        return Gen.Select(Gen.Int[0, paths.Count - 1], Gen.Int[0, values.Length - 1], Gen.Int[0, 3]).Select((path, value, how) =>
        {
            var copy = json.DeepClone().AsObject();
            var (outer, inner) = paths[path];
            var owner = inner is null ? copy : copy["data"]!.AsObject();
            var name = inner ?? outer;
            var old = owner[name]!.ToJsonString();
            owner[name] = "the-place";
            var by = values[value]?.ToJsonString() ?? "null";
            return copy.ToJsonString().Replace($"\"{name}\":\"the-place\"", how switch
            {
                0 => $"\"{name}\":{by}",
                1 => $"\"{name}\":{by},\"{name}\":{old}",
                2 => $"\"{name}\":{old},\"{name}\":{by}",
                _ => $"\"other\":{old}",
            }, StringComparison.Ordinal);
        });
    }

    private static void Same(JsonObject json)
    {
    }

    private static JsonObject Decoded(string part) => JsonNode.Parse(Base64Url.Decode(part))!.AsObject();

    private static string Sign(string header, string claims)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(SigningKeys);
        var signed = $"{Base64Url.Encode(Encoding.UTF8.GetBytes(header))}.{Base64Url.Encode(Encoding.UTF8.GetBytes(claims))}";
        return $"{signed}.{Base64Url.Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    /// <summary>This service, as far as a receiver asks it.</summary>
    private sealed class Service : LoopbackServer
    {
        public EventSigner Signer { get; set; } = null!;

        /// <summary>What it answers instead of the keys.</summary>
        public IResult? Answer { get; set; }

        public static Task<Service> StartAsync()
        {
            var service = new Service();
            return StartAsync(service, app => app.MapGet("/.well-known/jwks.json", () => service.Answer ?? service.Keys()));
        }

        private IResult Keys()
        {
            using var stream = new MemoryStream();
            using (var json = new Utf8JsonWriter(stream))
                Signer.WriteKeys(json);
            return Results.Bytes(stream.ToArray(), "application/json");
        }
    }

    /// <summary>The receiver's own server.</summary>
    private sealed class Hook : LoopbackServer
    {
        private readonly HttpClient http = new();

        public List<ReceivedMessage> Taken { get; } = [];

        public static Task<Hook> StartAsync(Receiver receiver) =>
            StartAsync(new Hook(), app => app.MapPost("/hook", receiver.ReceiveAsync));

        public async Task<HttpStatusCode> PostAsync(byte[] body, bool isChunked = false)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, "/hook")) { Content = new ByteArrayContent(body) };
            request.Headers.TransferEncodingChunked = isChunked;
            request.Headers.ExpectContinue = true;
            using var answer = await http.SendAsync(request);
            return answer.StatusCode;
        }
    }
}
