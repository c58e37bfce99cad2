metadata description = 'One stamp of Burrow: all that it needs in one region and one resource group. Stamps share nothing.'

targetScope = 'resourceGroup'

@description('What this stamp is called. Part of no name that tenants see; stands in tags, and makes the names of resources unique.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('The region.')
param location string = resourceGroup().location

@description('The deployment\'s secret (Access:Secret): links are signed, and headers and endpoints of subscriptions encrypted, under keys derived from it. 32 random characters or more.')
@secure()
@minLength(32)
param accessSecret string

@description('The deployment\'s secret before accessSecret (Access:FormerSecret), accepted beside it while it is replaced. Empty: none.')
@secure()
param formerAccessSecret string = ''

@description('Keys of the operator (Access:AdminKeys), brw_admin-{name}_{64 hexadecimal digits}, separated by commas.')
@secure()
@minLength(76)
param adminKeys string

@description('Private keys that events are signed with (Events:SigningKeys): PEM, PKCS#8, P-256, one after another, on one line.')
@secure()
@minLength(100)
param signingKeys string

@description('Where tenants reach this stamp, https://… without a path, if not at the function app\'s own address: a custom domain or a front door.')
param publicUrl string = ''

@description('The name of the function app, and the beginning of its host name. Empty: made of what makes this stamp unique.')
@maxLength(60)
param functionAppName string = ''

@description('The hosts that relays of tenants may send to (Relays:AllowedHosts): exact names, or *. and a domain. Empty: no relays.')
param relayHosts array = []

@description('Other settings, by their names in docs/reference/settings.md with __ for the colon and without Burrow__ before: { Quotas__Messages: \'1000000\' }. They win over those that this template sets. No secret belongs here.')
param settings object = {}

@description('How often the data account\'s tables are copied. ZRS: to three zones of the region, before a write is acknowledged. GRS and GZRS also copy to another region, but some time after, and nothing fails over by itself. LRS: one data centre; for regions without zones.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GRS'
  'Standard_GZRS'
])
param dataRedundancy string = 'Standard_ZRS'

@description('How often the host account is copied, which holds the code and the timers\' locks: nothing that a deployment doesn\'t make again.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
])
param hostRedundancy string = 'Standard_ZRS'

@description('The most instances there may be. Bounds what a flood can cost. Azure may refuse less than 40.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Memory of an instance, in MB; its share of a processor goes with it.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('Requests that an instance serves at a time before there is another. High, as most of them wait for a message, for up to 100 s, and cost a few KB and no processor while they do; the account\'s Concurrent bounds those that work.')
@minValue(1)
@maxValue(1000)
param perInstanceConcurrency int = 500

@description('Instances kept ready for requests. 0: nothing is paid for while nobody calls, and the first request after a pause waits some seconds for an instance. 1: it doesn\'t, and that instance is paid for all the time.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('When what expired is removed, NCRONTAB with seconds.')
param expirySchedule string = '0 * * * * *'

@description('When subscriptions are looked after, NCRONTAB with seconds.')
param reconcileSchedule string = '30 * * * * *'

@description('Days for which events are kept that could not be delivered. They hold tenants\' messages.')
@minValue(1)
@maxValue(365)
param deadLetterDays int = 30

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logDays int = 30

@description('GB of logs a day, after which no more are taken until the next; -1: no such cap. An alert that needs logs is blind from then on.')
param logDailyCapGB int = -1

@description('Whether each request to storage is logged, too. One line for each; it can cost more than the requests do.')
param logStorageRequests bool = false

@description('Who is told of alerts, by e-mail. Empty: nobody, they show in the portal only.')
param alertEmail string = ''

@description('Per cent of requests answered with 5xx in 15 minutes, above which there is an alert.')
@minValue(1)
@maxValue(100)
param alertServerErrorPercent int = 5

@description('Seconds by which publishing an event is late, above which there is an alert.')
@minValue(1)
param alertOutboxLag int = 120

@description('Age in seconds of the oldest visible message of any queue, above which there is an alert; 0: no such alert, as where readers follow markers and nobody takes messages away.')
@minValue(0)
param alertOldestVisibleAge int = 3600

@description('Messages that died in 15 minutes, above which there is an alert; -1: no such alert, as where tenants look after their dead letters themselves.')
@minValue(-1)
param alertDeadMessages int = 0

@description('Requests throttled by table storage in 15 minutes, above which there is an alert.')
@minValue(0)
param alertThrottledRequests int = 100

@description('Seconds by which a relay is behind, above which there is an alert.')
@minValue(1)
param alertRelayLag int = 300

@description('Times in 15 minutes that a relay could not go on, above which there is an alert; -1: no such alert.')
@minValue(-1)
param alertRelayFailures int = 10

@description('Failures of the sweep in 30 minutes, above which there is an alert.')
@minValue(0)
param alertSweepFailures int = 3

var token = uniqueString(resourceGroup().id, environmentName, location)
var tags = { 'azd-env-name': environmentName }
var appName = empty(functionAppName) ? 'func-${token}' : functionAppName
var insightsName = 'appi-${token}'
var dataName = 'st${token}data'
var hostName = 'st${token}host'
var domainName = 'evgd-${token}'
var vaultName = 'kv-${token}'
var deadLetters = 'dead-letters'
var packages = 'packages'

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: { name: 'id-${token}', location: location, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    workspaceName: 'log-${token}'
    insightsName: insightsName
    location: location
    tags: tags
    days: logDays
    dailyCapGB: logDailyCapGB
  }
}

module data 'modules/storage.bicep' = {
  name: 'data'
  params: {
    name: dataName
    location: location
    tags: tags
    redundancy: dataRedundancy
    container: deadLetters
    deleteAfterDays: deadLetterDays
    workspaceId: monitoring.outputs.workspaceId
    logRequests: logStorageRequests
  }
}

module host 'modules/storage.bicep' = {
  name: 'host'
  params: {
    name: hostName
    location: location
    tags: tags
    redundancy: hostRedundancy
    container: packages
    workspaceId: monitoring.outputs.workspaceId
    logRequests: logStorageRequests
  }
}

module events 'modules/events.bicep' = {
  name: 'events'
  params: { name: domainName, location: location, tags: tags, workspaceId: monitoring.outputs.workspaceId }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    name: vaultName
    location: location
    tags: tags
    accessSecret: accessSecret
    formerAccessSecret: formerAccessSecret
    adminKeys: adminKeys
    signingKeys: signingKeys
    workspaceId: monitoring.outputs.workspaceId
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  dependsOn: [data, host, vault]
  params: {
    // In the assignments' names: an identity that is made anew under its old name is another one. What-if can't know it before.
    #disable-next-line what-if-short-circuiting
    appPrincipalId: identity.outputs.principalId
    #disable-next-line what-if-short-circuiting
    domainPrincipalId: events.outputs.principalId
    dataAccount: dataName
    deadLetters: deadLetters
    hostAccount: hostName
    domain: domainName
    vault: vaultName
    insights: insightsName
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  // The package is fetched with the identity.
  dependsOn: [roles]
  params: {
    name: appName
    planName: 'plan-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    packagesUri: '${host.outputs.blobUri}${packages}'
    scale: {
      maximumInstanceCount: maximumInstanceCount
      instanceMemoryMB: instanceMemoryMB
      perInstanceConcurrency: perInstanceConcurrency
      alwaysReadyInstances: alwaysReadyInstances
    }
    workspaceId: monitoring.outputs.workspaceId
  }
}

module appSettings 'modules/settings.bicep' = {
  name: 'settings'
  params: {
    app: appName
    more: settings
    // Without FUNCTIONS_WORKER_RUNTIME: Flex Consumption refuses it, functionAppConfig says it.
    settings: {
      AzureWebJobsStorage__accountName: hostName
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identity.outputs.clientId
      AzureWebJobsDisableHomepage: 'true'
      // Which identity the app's DefaultAzureCredential is.
      AZURE_CLIENT_ID: identity.outputs.clientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identity.outputs.clientId}'
      Burrow__Storage__TableServiceUri: data.outputs.tableUri
      Burrow__ExpirySchedule: expirySchedule
      Burrow__Access__Mode: 'Keys'
      Burrow__Access__AdminKeys: '@Microsoft.KeyVault(SecretUri=${vault.outputs.uri}secrets/admin-keys)'
      Burrow__Access__Secret: '@Microsoft.KeyVault(SecretUri=${vault.outputs.uri}secrets/access-secret)'
      Burrow__Access__FormerSecret: empty(formerAccessSecret) ? '' : '@Microsoft.KeyVault(SecretUri=${vault.outputs.uri}secrets/former-access-secret)'
      Burrow__Events__TopicEndpoint: events.outputs.endpoint
      Burrow__Events__Domain: '${environment().resourceManager}${substring(events.outputs.id, 1)}'
      Burrow__Events__PublicUrl: empty(publicUrl) ? app.outputs.url : publicUrl
      Burrow__Events__SigningKeys: '@Microsoft.KeyVault(SecretUri=${vault.outputs.uri}secrets/signing-keys)'
      Burrow__Events__ReconcileSchedule: reconcileSchedule
      Burrow__Events__DeadLetterContainer: deadLetters
      Burrow__Events__DeadLetterAccount: data.outputs.id
      Burrow__Relays__AllowedHosts: join(relayHosts, ',')
    }
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    tags: tags
    token: token
    email: alertEmail
    workspaceId: monitoring.outputs.workspaceId
    dataAccountId: data.outputs.id
    serverErrorPercent: alertServerErrorPercent
    outboxLag: alertOutboxLag
    oldestVisibleAge: alertOldestVisibleAge
    deadMessages: alertDeadMessages
    throttledRequests: alertThrottledRequests
    sweepFailures: alertSweepFailures
    relayLag: alertRelayLag
    relayFailures: alertRelayFailures
  }
}

@description('Where the stamp is reached.')
output BURROW_URL string = empty(publicUrl) ? app.outputs.url : publicUrl

@description('The function app, to publish the code to.')
output AZURE_FUNCTION_APP_NAME string = appName

@description('The Event Grid domain.')
output AZURE_EVENT_GRID_DOMAIN string = domainName

@description('The vault that the secrets are in.')
output AZURE_KEY_VAULT_NAME string = vaultName

@description('The storage account of the queues.')
output AZURE_STORAGE_ACCOUNT_NAME string = dataName
