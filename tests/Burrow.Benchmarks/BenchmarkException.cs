namespace Burrow.Benchmarks;

/// <summary>What was measured isn't what was to be: there is no figure then.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
