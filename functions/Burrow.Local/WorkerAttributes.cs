// What the trigger classes name of the Functions Worker, for the process that runs without it. The names and namespaces are
// the Worker's; what the attributes say is read by Triggers.

using System.Diagnostics.CodeAnalysis;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Marks a method as a function.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FunctionAttribute(string name) : Attribute
{
    /// <summary>Its name, unique in the app.</summary>
    public string Name { get; } = name;
}

/// <summary>Who may call a function, as far as the host is concerned.</summary>
public enum AuthorizationLevel
{
    /// <summary>Everybody: keys are Burrow's own.</summary>
    Anonymous,
}

/// <summary>Which requests a function serves.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
[SuppressMessage("Style", "IDE0060", Justification = "The Worker's signature.")]
public sealed class HttpTriggerAttribute(AuthorizationLevel authorizationLevel, params string[] methods) : Attribute
{
    /// <summary>Who may call it.</summary>
    public AuthorizationLevel AuthorizationLevel { get; } = authorizationLevel;

    /// <summary>Of these methods, in lower case.</summary>
    public string[] Methods { get; } = methods;

    /// <summary>At this route template.</summary>
    public string? Route { get; set; }
}

/// <summary>When a function runs by itself.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class TimerTriggerAttribute(string schedule) : Attribute
{
    /// <summary>NCRONTAB, or a setting's name in percent signs. The local process runs every timer once a minute.</summary>
    public string Schedule { get; } = schedule;
}

/// <summary>What a timer's function is told.</summary>
public sealed class TimerInfo;
