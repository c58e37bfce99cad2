using Burrow;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.AddBurrow(builder.Configuration);
await builder.Build().RunAsync();
