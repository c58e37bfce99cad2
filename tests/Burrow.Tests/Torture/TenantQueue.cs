using System.Net;
using System.Text.Json;

namespace Burrow.Tests.Torture;

/// <summary>One queue, its clients and what they know about it.</summary>
internal sealed class TenantQueue(string account, string name, int clients, Random random)
{
    private readonly Ledger ledger = new();
    private Tenant[]? tenants;

    public string Name => name;

    public string Path => $"{account}/{name}";

    public int Unanswered => ledger.Unanswered;

    /// <summary>All clients act at the same time, until it is enough or a client gets a wrong response.</summary>
    public Task ActAsync(Send send, Func<bool> isEnough)
    {
        tenants ??= [.. Enumerable.Range(0, clients).Select(i => new Tenant($"{name}{i}", Path, ledger, new Random(random.Next())))];
        return Task.WhenAll(tenants.Select(tenant => Task.Run(async () =>
        {
            while (!isEnough())
                await tenant.ActAsync(send);
        })));
    }

    /// <summary>Compares the messages that are there with the ledger.</summary>
    /// <returns>How many messages there are that do not expire.</returns>
    public async Task<int> JudgeAsync(HttpClient http)
    {
        var from = DateTime.UtcNow;
        var list = new List<Listed>();
        for (var after = ""; ;)
        {
            var answer = await http.GetAsync($"v1.0/{Path}?match_hidden=true{after}");
            if (answer.StatusCode != HttpStatusCode.NotFound)
            {
                answer.StatusCode.ShouldBe(HttpStatusCode.OK);
                foreach (var message in JsonElement.Parse(await answer.Content.ReadAsStringAsync()).EnumerateArray())
                {
                    list.Add(new(
                        message.GetProperty("id").GetString()!,
                        message.GetProperty("body").GetString()!,
                        message.GetProperty("ttl").GetInt64() > 0));
                }

                if (answer.Headers.Contains("Burrow-More"))
                {
                    after = $"&after={answer.Headers.GetValues("Burrow-Marker").Single()}";
                    continue;
                }
            }

            ledger.Judge(list, from);
            return list.Count(message => !message.Expires);
        }
    }

    /// <summary>Claims every message once its hide has ended, and deletes it by its receipt. Then nothing is left.</summary>
    public async Task EmptyAsync(HttpClient http)
    {
        // The wait lasts longer than the last hide, because none is longer than a second.
        for (var left = await JudgeAsync(http); left > 0;)
        {
            var claim = await http.PostAsync($"v1.0/{Path}?limit=50&hide=600&wait=20&detail=full", null);
            claim.StatusCode.ShouldBe(HttpStatusCode.OK, $"{left} messages can't be claimed.");
            foreach (var message in JsonElement.Parse(await claim.Content.ReadAsStringAsync()).EnumerateArray())
            {
                using var request = new HttpRequestMessage(HttpMethod.Delete, $"v1.0/{Path}/{message.GetProperty("id").GetString()}");
                request.Headers.TryAddWithoutValidation("If-Match", message.GetProperty("etag").GetString());
                var deleted = await http.SendAsync(request);
                // The message may have expired in between.
                if (message.GetProperty("ttl").GetInt64() > 0)
                    continue;
                deleted.StatusCode.ShouldBe(HttpStatusCode.OK);
                left--;
            }
        }

        await http.DeleteAsync($"v1.0/{Path}?match_hidden=true");
        (await http.GetAsync($"v1.0/{Path}?match_hidden=true")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
