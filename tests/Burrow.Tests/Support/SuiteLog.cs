using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging;

[assembly: AssemblyFixture(typeof(Burrow.Tests.Support.SuiteLogSearch))]

namespace Burrow.Tests.Support;

/// <summary>
/// All that is logged during the whole suite, from <see cref="LogLevel.Trace"/> up, whatever the settings say for others; and what
/// the processes print that tests start. Tests tell it their secrets; at the end none may be found.
/// </summary>
[ProviderAlias("Suite")]
internal sealed class SuiteLog : ILoggerProvider
{
    /// <summary>Parts of secrets would tell less; but what is shorter is found by chance.</summary>
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

    /// <summary>Nobody may ever log this.</summary>
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

    /// <summary>Whether a line holds that, of those until now.</summary>
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

    /// <summary>The lines that hold a secret, and how many there are in all. The log has ended then.</summary>
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
        // It outlives the servers that log to it.
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

/// <summary>The search at the end of the suite. What it finds fails the run.</summary>
public sealed class SuiteLogSearch : IDisposable
{
    /// <summary>Spans of servers are searched, too.</summary>
    private readonly ActivityListener spans = new()
    {
        ShouldListenTo = source => source.Name == "Burrow"
            || source.Name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
            || source.Name.StartsWith("Azure", StringComparison.Ordinal),
        // Not recorded: messages don't keep where they come from then, which most tests don't expect.
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
