using Burrow;
using Burrow.Functions;
using Burrow.Telemetry;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
builder.Services.AddBurrow(builder.Configuration);
builder.Services.AddSingleton<IValidateOptions<BurrowOptions>, FunctionAppRules>();
builder.Services.AddFunctionsTelemetry(builder.Configuration);
await builder.Build().RunAsync();
