using System.Text;
using System.Text.Json;
using Burrow.Access;
using Burrow.Events.Model;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Access;

/// <summary><c>/links/{account}</c>: capability URLs. Each allows one thing until an instant.</summary>
public sealed class LinksEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = "links/{account}";

    /// <summary>The longest URL that a link may have. Every server on the way accepts this length.</summary>
    private const int MaxUrlLength = 8_000;

    private static readonly string[] Methods = ["GET", "PUT", "POST", "DELETE"];

    private readonly Responder responder;
    private readonly LinkSigner links;
    private readonly TimeProvider time;
    private readonly EventsOptions events;
    private readonly Resource resource;

    internal LinksEndpoint(Responder responder, LinkSigner links, TimeProvider time, EventsOptions events)
    {
        (this.responder, this.links, this.time, this.events) = (responder, links, time, events);
        resource = new Resource<AccountName>(Route, path => path.Account) { Post = PostAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>POST makes a link: 201.</summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> PostAsync(RequestContext context, AccountName account)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.OfManagement(account, new("No such account.")));
        using var body = await authorized.AdmitWithBodyAsync(OperationPolicy.MakeLinks, HttpLimits.AccessBodyBytes);
        var asked = JsonMembers.Read(body.Written, json => Read(json, account));
        authorized.Caller.RequireWithin(new(new(asked.Queue.Queue.Value, false), asked.Policy.Permissions, asked.Expires));
        if (asked.Expires <= time.GetUtcNow())
            throw new InvalidRequestException("expires", "expires is an instant to come.");

        var terms = new LinkTerms(authorized.Caller.Key.Value, asked.Method, asked.Expires.ToUnixTimeSeconds(), asked.Parameters);
        var url = UrlOf(context.Request, asked, links.Sign(terms, asked.Queue, asked.Id));
        return Answer.OfJson(201, json =>
        {
            json.WriteStartObject();
            json.WriteString("method", asked.Method);
            json.WriteString("url", url);
            json.WriteInstant("expires", DateTimeOffset.FromUnixTimeSeconds(terms.Expires));
            json.WriteEndObject();
        });
    }

    private static Asked Read(JsonElement json, AccountName account)
    {
        JsonMembers.AllowOnly(json, "body", "a link", "method", "queue", "id", "parameters", "expires");
        var method = JsonMembers.GetString(json, "method");
        if (!Methods.Contains(method))
            throw new InvalidRequestException("method", $"method is one of {string.Join(", ", Methods)}.");
        var queue = QueueName.Parse(
            JsonMembers.GetString(json, "queue")
                ?? throw new InvalidRequestException("queue", "queue is needed: which queue the link is for."));
        MessageId? id = JsonMembers.GetString(json, "id") is { } text ? MessageId.Parse(text) : null;
        if (method == "PUT" && id is null)
            throw new InvalidRequestException("id", "id is needed: a message is put by its id.");
        var expires = KeyJson.GetInstant(json, "expires")
            ?? throw new InvalidRequestException("expires", "expires is needed: the instant until which the link is good.");
        return new(method!, new(account, queue), id, ParametersOf(json), expires);
    }

    private static Dictionary<string, string?> ParametersOf(JsonElement json)
    {
        var parameters = new Dictionary<string, string?>();
        if (JsonMembers.GetMember(json, "parameters") is not { } value)
            return parameters;
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidRequestException(
                "parameters", "parameters is an object: of each parameter what it must be, or null if it may be anything.");
        }

        foreach (var parameter in value.EnumerateObject())
        {
            if (!QueryParameters.Names.Contains(parameter.Name))
            {
                throw new InvalidRequestException(
                    "parameters", $"'{parameter.Name}' is no parameter; those are {string.Join(", ", QueryParameters.Names)}.");
            }

            if (!parameters.TryAdd(parameter.Name, JsonMembers.GetString(value, parameter.Name)))
                throw new InvalidRequestException("parameters", $"{parameter.Name} is given twice.");
        }

        return parameters;
    }

    private string UrlOf(HttpRequest request, Asked asked, string token)
    {
        var url = new StringBuilder(events.PublicUrl?.GetLeftPart(UriPartial.Authority) ?? $"{request.Scheme}://{request.Host}");
        url.Append("/v1.0/")
            .Append(Uri.EscapeDataString(asked.Queue.Account.Value))
            .Append('/')
            .Append(Uri.EscapeDataString(asked.Queue.Queue.Value));
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
            : throw new InvalidRequestException(
                "parameters", $"The link would have {url.Length} characters; {MaxUrlLength} are allowed, as servers take no longer ones.");
    }

    /// <summary>The link that the caller asks for.</summary>
    private sealed record Asked(
        string Method, QueueAddress Queue, MessageId? Id, IReadOnlyDictionary<string, string?> Parameters, DateTimeOffset Expires)
    {
        /// <summary>
        /// What the maker of the link needs. When a client uses the link, the service checks this again, for the actual request.
        /// </summary>
        public OperationPolicy Policy => (Method, Id) switch
        {
            ("GET", null) => OperationPolicy.ListMessages,
            ("GET", _) => OperationPolicy.GetMessage,
            ("PUT", _) => OperationPolicy.PutMessage,
            ("POST", _) => OperationPolicy.UpdateMessages,
            _ => Parameters.TryGetValue("detail", out var detail) && detail != "none"
                ? OperationPolicy.TakeMessages
                : OperationPolicy.DeleteMessages,
        };
    }
}
