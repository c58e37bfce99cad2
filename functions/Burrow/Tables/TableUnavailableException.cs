namespace Burrow.Tables;

/// <summary>Storage did not answer, or said that it is too busy. Whether a transaction was carried out is unknown.</summary>
public sealed class TableUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
