namespace Burrow.Tables;

/// <summary>Storage did not answer, or answered that it is too busy. It is unknown whether a transaction was carried out.</summary>
public sealed class TableUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
