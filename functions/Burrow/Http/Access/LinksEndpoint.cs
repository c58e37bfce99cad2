using System.Text;
using System.Text.Json;
using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Burrow.Http.Access;

/// <summary><c>/links/{account}</c>: capability URLs, each for one thing until an instant.</summary>
public sealed class LinksEndpoint
{
    /// <summary>What every server on the way takes.</summary>
    private const int MaxUrlLength = 8_000;

    private static readonly Resource Resource = new("/links/{account}", "POST");
    private static readonly string[] Methods = ["GET", "PUT", "POST", "DELETE"];

    private readonly Responder responder;
    private readonly LinkSigner links;
    private readonly TimeProvider time;
    private readonly IOptions<BurrowOptions> options;

    internal LinksEndpoint(Responder responder, LinkSigner links, TimeProvider time, IOptions<BurrowOptions> options) =>
        (this.responder, this.links, this.time, this.options) = (responder, links, time, options);

    /// <summary>Makes one: 201.</summary>
    public Task<IResult> PostAsync(HttpRequest request) => responder.ServeAsync(request, Resource, async serving =>
    {
        var account = RequestPath.Links(request);
        await serving.DemandAsync(OperationPolicy.MakeLinks, account, new("No such account."));
        using var body = await serving.BorrowBodyAsync(Limits.AccessBodyBytes);
        var asked = JsonMembers.Read(body.WrittenMemory, json => Read(json, account));
        serving.Caller.RequireWithin(new(new(asked.Queue.Queue.Value, false), asked.Need.Permissions, asked.Expires));
        if (asked.Expires <= time.GetUtcNow())
            throw new InvalidRequestException("expires", "expires is an instant to come.");

        var terms = new LinkTerms(serving.Caller.Key.Value, asked.Method, asked.Expires.ToUnixTimeSeconds(), asked.Parameters);
        var url = Url(request, asked, links.Sign(terms, asked.Queue, asked.Id));
        return Answer.OfJson(201, json =>
        {
            json.WriteStartObject();
            json.WriteString("method", asked.Method);
            json.WriteString("url", url);
            json.WriteInstant("expires", DateTimeOffset.FromUnixTimeSeconds(terms.Expires));
            json.WriteEndObject();
        });
    });

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) => responder.RefuseAsync(request, request => RequestPath.Links(request), Resource);

    private static Asked Read(JsonElement json, AccountName account)
    {
        JsonMembers.AllowOnly(json, "body", "a link", "method", "queue", "id", "parameters", "expires");
        var method = JsonMembers.GetString(json, "method");
        if (!Methods.Contains(method))
            throw new InvalidRequestException("method", $"method is one of {string.Join(", ", Methods)}.");
        var queue = QueueName.Parse(JsonMembers.GetString(json, "queue") ?? throw new InvalidRequestException("queue", "queue is needed: which queue the link is for."));
        MessageId? id = JsonMembers.GetString(json, "id") is { } text ? MessageId.Parse(text) : null;
        if (method == "PUT" && id is null)
            throw new InvalidRequestException("id", "id is needed: a message is put by its id.");
        var expires = KeyJson.GetInstant(json, "expires") ?? throw new InvalidRequestException("expires", "expires is needed: the instant until which the link is good.");
        return new(method!, new(account, queue), id, ParametersOf(json), expires);
    }

    private static Dictionary<string, string?> ParametersOf(JsonElement json)
    {
        var parameters = new Dictionary<string, string?>();
        if (JsonMembers.GetMember(json, "parameters") is not { } value)
            return parameters;
        if (value.ValueKind != JsonValueKind.Object)
            throw new InvalidRequestException("parameters", "parameters is an object: of each parameter what it must be, or null if it may be anything.");
        foreach (var parameter in value.EnumerateObject())
        {
            if (!Parameters.Names.Contains(parameter.Name))
                throw new InvalidRequestException("parameters", $"'{parameter.Name}' is no parameter; those are {string.Join(", ", Parameters.Names)}.");
            parameters[parameter.Name] = JsonMembers.GetString(value, parameter.Name);
        }

        return parameters;
    }

    private string Url(HttpRequest request, Asked asked, string token)
    {
        var url = new StringBuilder(options.Value.Events.PublicUrl?.GetLeftPart(UriPartial.Authority) ?? $"{request.Scheme}://{request.Host}");
        url.Append("/v1.0/").Append(Uri.EscapeDataString(asked.Queue.Account.Value)).Append('/').Append(Uri.EscapeDataString(asked.Queue.Queue.Value));
        if (asked.Id is { } id)
            url.Append('/').Append(Uri.EscapeDataString(id.Value));
        url.Append('?');
        foreach (var (name, value) in asked.Parameters)
        {
            if (value is not null)
                url.Append(name).Append('=').Append(Uri.EscapeDataString(value)).Append('&');
        }

        url.Append(LinkSigner.ParameterName).Append('=').Append(token);
        return url.Length <= MaxUrlLength
            ? url.ToString()
            : throw new InvalidRequestException("parameters", $"The link would have {url.Length} characters; {MaxUrlLength} are allowed, as servers take no longer ones.");
    }

    /// <summary>What was asked for.</summary>
    private sealed record Asked(string Method, QueueAddress Queue, MessageId? Id, IReadOnlyDictionary<string, string?> Parameters, DateTimeOffset Expires)
    {
        /// <summary>What its maker needs; when it is used, that is asked again of the request as it is then.</summary>
        public OperationPolicy Need => (Method, Id) switch
        {
            ("GET", null) => OperationPolicy.ListMessages,
            ("GET", _) => OperationPolicy.GetMessage,
            ("PUT", _) => OperationPolicy.PutMessage,
            ("POST", _) => OperationPolicy.UpdateMessages,
            _ => Parameters.TryGetValue("detail", out var detail) && detail != "none" ? OperationPolicy.TakeMessages : OperationPolicy.DeleteMessages,
        };
    }
}
