namespace Burrow.Http.Pipeline;

/// <summary>What is found at paths of one form.</summary>
/// <param name="Route">The form, as its trigger declares it, with a slash in front.</param>
/// <param name="Methods">What may be done with it.</param>
internal sealed record Resource(string Route, params string[] Methods);
