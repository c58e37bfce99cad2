using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Burrow.Client.Cli;

/// <summary>
/// Prints what a verb found, for people or for programs. What people read in addition, such as progress, goes to standard error.
/// Colours and movement are only for a terminal.
/// </summary>
internal sealed class Printer(bool json)
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Where the output is not a terminal, no column is cut.</summary>
    private const int Wide = 1_000;

    private readonly IAnsiConsole console = New(Console.IsOutputRedirected ? StandardOutput.Writer : Console.Out);

    /// <summary>Standard error, for people.</summary>
    public IAnsiConsole Error { get; } = New(Console.Error);

    public bool IsJson => json;

    /// <summary>Prints one object a line.</summary>
    public void Line(JsonObject shown, string text) =>
        StandardOutput.Writer.WriteLine(json ? shown.ToJsonString(Relaxed) : text);

    /// <summary>Prints rows: an array for programs, a table for people.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="columns">The members that the table shows, by their headings.</param>
    public void Table(IReadOnlyList<JsonObject> rows, params (string Heading, string Member)[] columns)
    {
        if (json)
        {
            StandardOutput.Writer.WriteLine(new JsonArray([.. rows.Select(row => row.DeepClone())]).ToJsonString(Relaxed));
            return;
        }

        var table = new Table().Border(console.Profile.Out.IsTerminal ? TableBorder.Rounded : TableBorder.None);
        foreach (var (heading, member) in columns)
        {
            var column = new TableColumn(heading);
            table.AddColumn(rows.Any(row => row[member] is JsonValue value && value.GetValueKind() == JsonValueKind.Number)
                ? column.RightAligned()
                : column);
        }

        foreach (var row in rows)
            table.AddRow(columns.Select(column => (Spectre.Console.Rendering.IRenderable)new Text(TextOf(row[column.Member]))));
        console.Write(table);
    }

    /// <summary>Says something to people. Programs are told by the exit code.</summary>
    public void Say(string text)
    {
        if (!json)
            Error.WriteLine(text);
    }

    /// <summary>Shows what a long work has done so far, where standard error is a terminal.</summary>
    public async Task ProgressAsync(string title, long? total, Func<Action<long>, Task> work)
    {
        if (json || !Error.Profile.Out.IsTerminal)
        {
            await work(_ => { });
            return;
        }

        await Error.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(title, maxValue: Math.Max(1, total ?? 1));
                task.IsIndeterminate = total is null;
                await work(done =>
                {
                    task.Value = done;
                    if (total is null)
                        task.Description = $"{title}: {done:N0}";
                });
            });
    }

    /// <summary>A message as programs see it: as the service shows it.</summary>
    public static JsonObject ToJson(Message<ReadOnlyMemory<byte>> message)
    {
        var shown = new JsonObject { ["id"] = message.Id };
        var (text, encoding) = BodyText.Of(message.Bytes.Span);
        shown["body"] = text;
        if (encoding is not null)
            shown["encoding"] = encoding;
        shown["ttl"] = message.Ttl is { } ttl ? (long)ttl.TotalSeconds : 0;
        shown["hide"] = (long)message.Hide.TotalSeconds;
        shown["deliveries"] = message.Deliveries;
        shown["inserted"] = message.Inserted;
        shown["etag"] = message.Receipt;
        if (message.ContentType is { } type)
            shown["contentType"] = type;
        if (message.Priority != PutOptions.DefaultPriority)
            shown["priority"] = message.Priority;
        if (message.Group is { } group)
            shown["group"] = group;
        if (message.Died is { } died)
            shown["died"] = died;
        if (message.Causes.Count > 0)
        {
            shown["causes"] = new JsonArray([.. message.Causes.Select(cause => new JsonObject
            {
                ["at"] = cause.At,
                ["delivery"] = cause.Delivery,
                ["cause"] = cause.Text,
            })]);
        }

        return shown;
    }

    /// <summary>A text without what a terminal would take for a command.</summary>
    public static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    /// <summary>A text in one line, not longer than a table bears.</summary>
    public static string OneLine(string text)
    {
        const int Longest = 60;
        var line = Plain(text);
        return line.Length <= Longest ? line : line[..(Longest - 1)] + "…";
    }

    private static IAnsiConsole New(TextWriter writer)
    {
        var made = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(writer) });
        if (!made.Profile.Out.IsTerminal)
            made.Profile.Width = Wide;
        return made;
    }

    private static string TextOf(JsonNode? value) => value switch
    {
        null => "",
        JsonArray array => string.Join(", ", array.Select(TextOf)),
        JsonValue at when at.TryGetValue<DateTimeOffset>(out var instant) =>
            instant.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        JsonValue text when text.GetValueKind() == JsonValueKind.String => OneLine(text.ToString()),
        _ => value.ToJsonString(Relaxed),
    };
}
