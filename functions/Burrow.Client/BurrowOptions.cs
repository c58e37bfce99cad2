namespace Burrow.Client;

/// <summary>Where the service is that a program uses, and which account of it.</summary>
public sealed class BurrowOptions : BurrowClientOptions
{
    /// <summary>Where the service is, such as <c>http://127.0.0.1:7071</c>.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>The account.</summary>
    public string? Account { get; set; }
}
