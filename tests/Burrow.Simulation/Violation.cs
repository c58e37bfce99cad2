namespace Burrow.Simulation;

/// <summary>A promise that was not kept.</summary>
internal sealed class Violation(string message) : Exception(message);
