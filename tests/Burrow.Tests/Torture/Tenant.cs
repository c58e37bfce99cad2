using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Burrow.Tests.Torture;

/// <summary>Sends a request.</summary>
/// <returns>The response. Null if there is none, or if it does not say what became of the request.</returns>
internal delegate Task<HttpResponseMessage?> Send(HttpMethod method, string target, HttpContent? content, string? ifMatch);

/// <summary>
/// A client that performs random operations of all kinds, one after another. It notes its requests and their outcomes in the
/// ledger.
/// </summary>
internal sealed class Tenant(string name, string queue, Ledger ledger, Random random)
{
    private const int Large = 100 * 1024;

    /// <summary>The ids that this client put and that may be there.</summary>
    private readonly List<string> own = [];
    private int ids;

    /// <summary>Performs one operation.</summary>
    public Task ActAsync(Send send) => random.Next(100) switch
    {
        < 30 => PutAsync(send, NewId(), random.Next(8) == 0 ? 1 : 0),
        < 42 when own.Count > 0 => PutAsync(send, own[random.Next(own.Count)], 0),
        < 52 => BatchAsync(send),
        < 70 => ClaimAsync(send),
        < 80 => TakeAsync(send),
        < 86 when own.Count > 0 => DeleteAsync(send, own[random.Next(own.Count)], null),
        _ => ReadAsync(send),
    };

    private async Task PutAsync(Send send, string id, int ttl)
    {
        var hide = random.Next(6) == 0 ? "&hide=1" : "";
        var put = ledger.Put(id, ttl);
        var body = new StringContent(TenantBody.Of(id, put.Version, random.Next(10) == 0 ? Large : random.Next(300)));
        if (await send(HttpMethod.Put, $"v1.0/{queue}/{id}?ttl={ttl}{hide}", body, null) is not { } answer)
        {
            // It is unknown whether the message is there, so this client does not put it again.
            own.Remove(id);
            return;
        }

        Stored(put, answer.StatusCode);
    }

    private async Task BatchAsync(Send send)
    {
        var puts = Enumerable.Range(0, random.Next(1, 6)).Select(_ => ledger.Put(NewId(), 0)).ToList();
        var items = puts.Select(
            put => JsonSerializer.Serialize(new { id = put.Id, ttl = 0, body = TenantBody.Of(put.Id, put.Version, 100) }));
        var content = new StringContent(string.Join('\n', items), Encoding.UTF8, "application/x-ndjson");
        if (await send(HttpMethod.Post, $"batch/{queue}", content, null) is not { } answer)
            return;
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        foreach (var (put, outcome) in puts.Zip((await JsonAsync(answer)).EnumerateArray()))
        {
            outcome.GetProperty("id").GetString().ShouldBe(put.Id);
            // If storage failed for an item of a batch, the outcome of the item is unknown.
            if (outcome.GetProperty("status").GetInt32() is var status and not 503)
                Stored(put, (HttpStatusCode)status);
        }
    }

    private void Stored(PendingPut put, HttpStatusCode status)
    {
        status.ShouldBeOneOf(HttpStatusCode.Created, HttpStatusCode.OK);
        ledger.Stored(put, status == HttpStatusCode.Created);
        if (put.Ttl == 0 && !own.Contains(put.Id))
            own.Add(put.Id);
        if (own.Count > 40)
            own.RemoveAt(0);
    }

    private async Task ClaimAsync(Send send)
    {
        var answer = await send(HttpMethod.Post, $"v1.0/{queue}?limit={random.Next(1, 9)}&hide=1&detail=full", null, null);
        foreach (var message in await MessagesAsync(answer))
        {
            if (random.Next(10) > 0)
                await DeleteAsync(send, message.Id, message.ETag);
        }
    }

    private async Task DeleteAsync(Send send, string id, string? receipt)
    {
        ledger.Remove(id);
        if (await send(HttpMethod.Delete, $"v1.0/{queue}/{id}", null, receipt) is not { } answer)
            return;
        answer.StatusCode.ShouldBeOneOf(
            HttpStatusCode.OK, HttpStatusCode.NotFound, receipt is null ? HttpStatusCode.NotFound : HttpStatusCode.PreconditionFailed);
        ledger.Removed(id, answer.StatusCode == HttpStatusCode.OK);
    }

    private async Task TakeAsync(Send send)
    {
        var limit = random.Next(1, 3);
        ledger.Take(limit);
        if (await send(HttpMethod.Delete, $"v1.0/{queue}?limit={limit}&detail=all", null, null) is { } answer)
            ledger.Taken(limit, [.. (await MessagesAsync(answer)).Select(message => message.Id)]);
    }

    private async Task ReadAsync(Send send) =>
        await MessagesAsync(await send(HttpMethod.Get, $"v1.0/{queue}?limit=5&match_hidden={random.Next(2) == 0}", null, null));

    /// <summary>The messages that a response shows. Checks that every body is complete.</summary>
    private static async Task<List<(string Id, string? ETag)>> MessagesAsync(HttpResponseMessage? answer)
    {
        if (answer is null || answer.StatusCode == HttpStatusCode.NotFound)
            return [];
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var messages = new List<(string, string?)>();
        foreach (var message in (await JsonAsync(answer)).EnumerateArray())
        {
            var id = message.GetProperty("id").GetString()!;
            TenantBody.VersionOf(id, message.GetProperty("body").GetString()!);
            messages.Add((id, message.TryGetProperty("etag", out var etag) ? etag.GetString() : null));
        }

        return messages;
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
        JsonElement.Parse(await answer.Content.ReadAsStringAsync());

    private string NewId() => string.Create(CultureInfo.InvariantCulture, $"{name}-{ids++}");
}
