using System.Globalization;
using System.Text;
using Burrow.Access;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Burrow.Http.Pipeline;

/// <summary>
/// The query parameters of a request (docs/reference/api.md). Names are case-sensitive, the last of several values counts,
/// and unknown parameters are ignored.
/// </summary>
internal sealed class QueryParameters
{
    /// <summary>All parameters that have a meaning, except that of a link.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "ttl", "hide", "limit", "marker", "after", ReaderName, "match_hidden", "detail", "wait", "priority", GroupParameter, ResultName,
        ProducerName, NumberName, EpochName, PreviousName, OutcomeName, CauseName,
    ];

    private const string GroupParameter = "group";
    private const string ResultName = "result";
    private const string OutcomeName = "outcome";
    private const string CauseName = "cause";
    private const string ReaderName = "reader";
    private const string ProducerName = "producer";
    private const string NumberName = "number";
    private const string EpochName = "epoch";
    private const string PreviousName = "previous";

    private static readonly List<(string Name, OutcomeKind Kind)> Outcomes =
    [
        ("done", OutcomeKind.Done), ("released", OutcomeKind.Released), ("failed", OutcomeKind.Failed), ("dead", OutcomeKind.Dead),
    ];

    private static readonly List<(string Name, Detail Detail)> Details =
    [
        ("none", Detail.None), ("id", Detail.Id), ("attributes", Detail.Attributes), ("body", Detail.Body), ("all", Detail.All),
        ("full", Detail.Full),
    ];

    private static readonly List<(string Name, Detail Detail)> NameDetails =
        Details.FindAll(one => one.Detail is Detail.None or Detail.Id or Detail.All);

    /// <summary>The longest known name, with each of its characters as %xx.</summary>
    private const int MaxEncodedName = 36;

    /// <summary>Which queue a policy is asked for.</summary>
    private const string QueueParameter = "queue";

    /// <summary>What a request for statistics waits for.</summary>
    private const string UntilParameter = "until";

    private static readonly string[] Known = [.. Names, QueueParameter, UntilParameter, LinkSigner.ParameterName];

    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    public QueryParameters(HttpRequest request) => Add(request.QueryString.Value, _ => true);

    /// <summary>Whether the body holds parameters, as HTML forms and <c>curl -d</c> send them.</summary>
    public static bool IsForm(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase);

    /// <summary>Adds the parameters of a form. Those of the query win.</summary>
    /// <exception cref="InvalidRequestException">The form is not UTF-8.</exception>
    public void AddForm(ReadOnlySpan<byte> form)
    {
        if (!System.Text.Unicode.Utf8.IsValid(form))
            throw new InvalidRequestException("body", "A form is UTF-8.");
        var query = values.Keys.ToHashSet();
        Add($"?{Encoding.UTF8.GetString(form)}", name => !query.Contains(name) && name != LinkSigner.ParameterName);
    }

    /// <summary>
    /// Checks every parameter that has a meaning, also where this request does not use it. An outcome is refused: without its meaning, the
    /// request would do something else than the client wants.
    /// </summary>
    /// <exception cref="InvalidRequestException">One is not valid.</exception>
    public void CheckAll()
    {
        CheckAllWithOutcome();
        foreach (var name in (string[])[OutcomeName, CauseName])
        {
            if (values.ContainsKey(name))
                throw new InvalidRequestException(name, $"{name} is for a POST of one message.");
        }
    }

    /// <summary>The same for a request that may have an outcome.</summary>
    /// <param name="isWhole">False: a form follows, and an outcome is judged with what the form holds.</param>
    /// <exception cref="InvalidRequestException">One is not valid.</exception>
    public void CheckAllWithOutcome(bool isWhole = true)
    {
        if (values.Count == 0)
            return;
        _ = (Attributes, Wait, Limit, Marker, After, Reader, Priority, Group, Result, Number, Turn);
        if (isWhole)
            _ = Outcome;
        GetString("match_hidden");
        if (GetString("detail") is { } detail && !Details.Exists(one => one.Name == detail))
            throw DetailError(Details);
    }

    /// <summary><c>ttl</c> and <c>hide</c>.</summary>
    public Attributes Attributes =>
        new(GetInteger("ttl", QueueLimits.AttributeSeconds, "seconds"), GetInteger("hide", QueueLimits.AttributeSeconds, "seconds"));

    /// <summary><c>priority</c>; null if absent.</summary>
    public int? Priority => (int?)GetInteger("priority", QueueLimits.MaxPriority);

    /// <summary><c>group</c>; null if absent.</summary>
    public GroupName? Group => GetString(GroupParameter) is { } group ? GroupName.Parse(group) : null;

    /// <summary><c>result</c>: seconds for which it is kept what becomes of the message; null if absent.</summary>
    public long? Result => GetInteger(ResultName, ResultLimits.Kept, "seconds", min: 1);

    /// <summary>The queue whose policy is asked for; null if absent.</summary>
    public QueueName? Queue => GetString(QueueParameter) is { } queue ? QueueName.Parse(queue) : null;

    /// <summary>Whether <c>until</c> asks to wait until a queue is empty.</summary>
    public bool UntilEmpty => GetString(UntilParameter) switch
    {
        null => false,
        "empty" => true,
        _ => throw new InvalidRequestException(UntilParameter, $"{UntilParameter} is empty: until the queue holds no message."),
    };

    /// <summary>Whether <c>outcome</c> is <c>done</c>, whatever stands beside it.</summary>
    public bool IsDone => GetString(OutcomeName) == "done";

    /// <summary><c>outcome</c>, with its <c>cause</c> and <c>hide</c>; null if absent.</summary>
    public Outcome? Outcome => ParseOutcome(GetString(OutcomeName), GetString(CauseName), Attributes);

    /// <summary>An outcome as a request or an item of a batch gives it.</summary>
    /// <exception cref="InvalidRequestException">It is unknown, or has something that does not go with it.</exception>
    public static Outcome? ParseOutcome(string? outcome, string? cause, Attributes attributes)
    {
        if (outcome is null)
        {
            return cause is null
                ? null
                : throw new InvalidRequestException(CauseName, "cause goes with outcome=failed and outcome=dead.");
        }

        var index = Outcomes.FindIndex(one => one.Name == outcome);
        if (index < 0)
        {
            throw new InvalidRequestException(
                OutcomeName, $"outcome is one of {string.Join(", ", Outcomes.Select(one => one.Name))}.");
        }

        var kind = Outcomes[index].Kind;
        if (cause is not null && kind is not (OutcomeKind.Failed or OutcomeKind.Dead))
            throw new InvalidRequestException(CauseName, "cause goes with outcome=failed and outcome=dead.");
        if (attributes.Ttl is not null)
            throw new InvalidRequestException("ttl", "ttl does not go with an outcome.");
        if (attributes.Hide is not null && kind != OutcomeKind.Failed)
            throw new InvalidRequestException("hide", "Of the outcomes, only failed takes hide.");
        return new(kind, cause is null ? null : Cause.ParseText(cause), attributes.Hide);
    }

    /// <summary>How long to wait: <c>wait</c>, zero if absent.</summary>
    public TimeSpan Wait => TimeSpan.FromSeconds(GetInteger("wait", HttpLimits.WaitSeconds, "seconds") ?? 0);

    /// <summary>The token of a link; null if the request has none.</summary>
    public string? Link => GetString(LinkSigner.ParameterName);

    /// <summary>All parameters that have a meaning and were given, by name.</summary>
    public IReadOnlyDictionary<string, string> Values =>
        Names.Where(values.ContainsKey).ToDictionary(name => name, name => GetString(name)!);

    /// <summary>The selection of accounts or queues.</summary>
    public NameSelection NameSelection => new(Marker, Limit);

    /// <summary>The selection of a queue's messages.</summary>
    public MessageSelection Messages(Detail detail) => new()
    {
        Marker = Marker is { } marker ? new MessageId(marker) : null,
        After = After,
        Limit = Limit,
        MatchHidden = string.Equals(GetString("match_hidden"), "true", StringComparison.OrdinalIgnoreCase),
        Detail = MessageDetail(detail),
    };

    /// <summary>What the answer shows of messages.</summary>
    public Detail MessageDetail(Detail absent) => GetDetail(absent, Details);

    /// <summary>What the answer shows of accounts or queues.</summary>
    public Detail NameDetail(Detail absent) => GetDetail(absent, NameDetails);

    private string? Marker => GetString("marker") is { Length: > 0 } marker ? Name.WithSlashes(marker) : null;

    private int? Limit => GetInteger("limit", int.MaxValue, "matches") is > 0 and var limit ? (int)limit : null;

    private Sequence? After
    {
        get
        {
            if (GetString("after") is not { } after)
                return null;
            if (values.ContainsKey("marker"))
                throw new InvalidRequestException("after", "after and marker exclude each other; give one.");
            return Sequence.TryParse(after)
                ?? throw new InvalidRequestException(
                    "after", "after is not a cursor; it is what the header Burrow-Marker of an answer said.");
        }
    }

    /// <summary>The number of a producer's message; null if absent.</summary>
    public long? Number => GetInteger(NumberName, long.MaxValue);

    /// <summary>
    /// The producer that numbers its messages, its epoch and the number before those of the request; null if there is none.
    /// </summary>
    /// <exception cref="InvalidRequestException">What goes with a producer is there without one.</exception>
    public (ProducerName Producer, long Epoch, long? Previous)? Turn
    {
        get
        {
            var (epoch, previous) = (GetInteger(EpochName, long.MaxValue), GetInteger(PreviousName, long.MaxValue));
            if (GetString(ProducerName) is { } producer)
                return (Queues.ProducerName.Parse(producer), epoch ?? 0, previous);
            foreach (var name in (string[])[NumberName, EpochName, PreviousName])
            {
                if (values.ContainsKey(name))
                    throw new InvalidRequestException(name, $"{name} goes with producer.");
            }

            return null;
        }
    }

    /// <summary>The number of the message that a request puts; null if its producer does not number it.</summary>
    /// <exception cref="InvalidRequestException">There is a producer and no number.</exception>
    public ProducerNumber? ProducerNumber => Turn is not var (producer, epoch, previous) ? null
        : Number is { } number ? new(producer, number, epoch, previous)
        : throw new InvalidRequestException(NumberName, "number is needed with producer: the number of this message.");

    /// <summary>The reader whose cursor is the place to begin after; null if absent.</summary>
    public ReaderName? Reader
    {
        get
        {
            if (GetString(ReaderName) is not { } reader)
                return null;
            if (values.ContainsKey("marker") || values.ContainsKey("after"))
                throw new InvalidRequestException(ReaderName, "reader excludes marker and after; give one.");
            return Queues.ReaderName.Parse(reader);
        }
    }

    private void Add(string? query, Func<string, bool> isWanted)
    {
        foreach (var pair in new QueryStringEnumerable(query))
        {
            if (NameOf(pair) is { } known && isWanted(known))
                values[known] = pair.EncodedValue.ToString();
        }
    }

    /// <summary>The known name of a parameter; null if it is unknown. A name is decoded once, and only if it can be a known one.</summary>
    private static string? NameOf(QueryStringEnumerable.EncodedNameValuePair pair)
    {
        var name = pair.EncodedName.Span;
        if (name.Length > MaxEncodedName)
            return null;
        if (name.ContainsAny('%', '+'))
            name = pair.DecodeName().Span;
        foreach (var known in Known)
        {
            if (name.SequenceEqual(known))
                return known;
        }

        return null;
    }

    private Detail GetDetail(Detail absent, List<(string Name, Detail Detail)> allowed)
    {
        if (GetString("detail") is not { } value)
            return absent;
        foreach (var (name, detail) in allowed)
        {
            if (name == value)
                return detail;
        }

        throw DetailError(allowed);
    }

    private static InvalidRequestException DetailError(List<(string Name, Detail Detail)> allowed) =>
        new("detail", $"detail is one of {string.Join(", ", allowed.Select(one => one.Name))} here.");

    /// <summary>The value of a parameter. It is decoded only when it is read.</summary>
    private string? GetString(string name) =>
        values.TryGetValue(name, out var encoded) ? PercentEncoding.Decode(encoded.Replace('+', ' '), name) : null;

    private long? GetInteger(string name, long max, string? unit = null, long min = 0)
    {
        if (GetString(name) is not { } value)
            return null;
        // Digits only: no sign, no space, no digits of other scripts, and no NUL, which the parser ignores.
        return value.All(char.IsAsciiDigit)
            && long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= max
            && number >= min
            ? number
            : throw new InvalidRequestException(
                name,
                string.Create(
                    CultureInfo.InvariantCulture, $"{name} is a whole number {(unit is null ? "" : $"of {unit} ")}from {min} to {max}."));
    }
}
