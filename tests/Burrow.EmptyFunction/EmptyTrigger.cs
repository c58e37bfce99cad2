using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.EmptyFunction;

/// <summary>The least that a function can do which takes a message: it reads the body, and answers 201.</summary>
public sealed class EmptyTrigger
{
    /// <summary>Reads the body.</summary>
    [Function("Empty")]
    public async Task<IResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = "v1.0/{account}/{queue}/{message}")] HttpRequest request)
    {
        await request.Body.ReadExactlyAsync(new byte[(int)request.ContentLength!.Value]);
        return Results.StatusCode(StatusCodes.Status201Created);
    }
}
