using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging;

[assembly: AssemblyFixture(typeof(Burrow.Tests.Support.SuiteLogSearch))]

namespace Burrow.Tests.Support;

/// <summary>
/// The log of the whole suite, from <see cref="LogLevel.Trace"/> up, independent of the settings of other loggers. It also holds
/// the output of the processes that tests start. Tests register their secrets here; at the end of the suite, the log must contain
/// none of them.
/// </summary>
[ProviderAlias("Suite")]
internal sealed class SuiteLog : ILoggerProvider
{
    /// <summary>
    /// The minimum length of a secret, in characters. A leak of a shorter part would reveal less, and a shorter text occurs by
    /// chance.
    /// </summary>
    private const int MinSecret = 16;

    public static readonly SuiteLog Whole = new(Path.Combine(Path.GetTempPath(), $"burrow-suite-{Environment.ProcessId}.log"));

    private readonly ConcurrentDictionary<string, bool> secrets = new();
    private readonly Lock gate = new();
    private readonly string file;
    private readonly StreamWriter writer;

    public SuiteLog(string file)
    {
        this.file = file;
        writer = new(file, append: false, Encoding.UTF8, bufferSize: 1024 * 1024);
    }

    /// <summary>Registers a secret, which must never be logged.</summary>
    public string Keep(string secret)
    {
        secret.Length.ShouldBeGreaterThanOrEqualTo(MinSecret);
        secrets[secret] = true;
        return secret;
    }

    public void Write(string text)
    {
        lock (gate)
            writer.WriteLine(text);
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>Whether a line so far contains the text.</summary>
    public bool HasLine(string text)
    {
        lock (gate)
            writer.Flush();
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    /// <summary>Ends the log and returns the lines that contain a secret, the number of all lines, and the number of secrets.</summary>
    public (IReadOnlyList<string> Telling, long Lines, int Secrets) Search()
    {
        writer.Dispose();
        var lines = 0L;
        var telling = new List<string>();
        var all = SearchValues.Create([.. secrets.Keys], StringComparison.Ordinal);
        foreach (var line in File.ReadLines(file))
        {
            lines++;
            if (line.AsSpan().ContainsAny(all))
                telling.Add(line);
        }

        File.Delete(file);
        return (telling, lines, secrets.Count);
    }

    public void Dispose()
    {
        // The log outlives the servers that write to it.
    }

    private sealed class Logger(SuiteLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            log.Write($"{category} scope {state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Write($"{logLevel} {category} {formatter(state, exception)}{(exception is null ? "" : $" {exception}")}");
    }
}

/// <summary>The search at the end of the suite. A secret in the log fails the run.</summary>
public sealed class SuiteLogSearch : IDisposable
{
    /// <summary>The search includes the spans of servers.</summary>
    private readonly ActivityListener spans = new()
    {
        ShouldListenTo = source => source.Name == "Burrow"
            || source.Name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
            || source.Name.StartsWith("Azure", StringComparison.Ordinal),
        // The spans are not recorded. Otherwise messages keep the trace that they come from, which most tests do not expect.
        Sample = (ref _) => ActivitySamplingResult.AllData,
        ActivityStopped = span => SuiteLog.Whole.Write(
            $"span {span.DisplayName} {string.Join(' ', span.TagObjects)} {string.Join(' ', span.Events.SelectMany(one => one.Tags))}"),
    };

    public SuiteLogSearch()
    {
        BurrowProcess.Printed = SuiteLog.Whole.Write;
        ActivitySource.AddActivityListener(spans);
    }

    public void Dispose()
    {
        spans.Dispose();
        var (telling, _, _) = SuiteLog.Whole.Search();
        telling.ShouldBeEmpty("secrets were logged");
    }
}
