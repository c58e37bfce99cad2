namespace Burrow.Benchmarks;

/// <summary>The benchmark did not measure what it should have measured, so there is no figure.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
