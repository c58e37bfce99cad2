using System.Text.Json;
using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary><c>/groups/{account}/{queue}</c>: the groups of a queue's messages (docs/design/groups.md).</summary>
public sealed class GroupsEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = "groups/{account}/{queue}";

    private readonly Responder responder;
    private readonly QueueEngine queues;
    private readonly Resource resource;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">Holds the groups.</param>
    public GroupsEndpoint(Responder responder, QueueEngine queues)
    {
        (this.responder, this.queues) = (responder, queues);
        resource = new Resource<QueueAddress>(Route, path => path.Queue) { Get = ListAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>GET lists the groups that have messages.</summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> ListAsync(RequestContext context, QueueAddress queue)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.Of(queue, NotFound()));
        var parameters = new QueryParameters(context.Request);
        parameters.CheckAll();
        var selection = parameters.NameSelection;
        GroupName? marker = selection.Marker is { } name ? GroupName.Parse(name) : null;
        await authorized.AdmitAsync(OperationPolicy.ShowGroups, Admission.WholeQueue);
        var (groups, more) = await queues.Groups.ListAsync(queue, marker, selection.Limit, context.Aborted);
        return groups.Count == 0 ? throw NotFound() : Answer.OfArray(groups, Write).With("Burrow-More", more ? "true" : null);
    }

    private static void Write(Utf8JsonWriter json, GroupState group)
    {
        json.WriteStartObject();
        json.WriteString("group", group.Name.Value);
        json.WriteNumber("ready", group.Ready);
        json.WriteNumber("waiting", group.Waiting);
        json.WriteNumber("held", group.Held);
        json.WriteStartArray("dead");
        foreach (var id in group.Dead)
            json.WriteStringValue(id.Value);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static NotFoundException NotFound() => new("No such account or queue, or no group in it.");
}
