metadata description = 'Every role that anything of this stamp has, each on one resource.'

@description('The app\'s identity.')
param appPrincipalId string

@description('The Event Grid domain\'s own identity.')
param domainPrincipalId string

@description('The storage account of the queues.')
param dataAccount string

@description('Its container for events that could not be delivered.')
param deadLetters string

@description('The Functions host\'s storage account.')
param hostAccount string

@description('The Event Grid domain.')
param domain string

@description('The vault.')
param vault string

@description('The name in Application Insights.')
param insights string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var eventGridDataSender = 'd5a91429-5739-47e2-a06b-3470a27159e7'
var eventGridEventSubscriptionContributor = '428e0ff0-5e57-4d9c-a221-2c70d0e0a443'
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource data 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: dataAccount

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = {
      name: deadLetters
    }
  }
}

resource host 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: hostAccount
}

resource eventGrid 'Microsoft.EventGrid/domains@2025-02-15' existing = {
  name: domain
}

resource secrets 'Microsoft.KeyVault/vaults@2026-05-15' existing = {
  name: vault
}

resource telemetry 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insights
}

// The queues. To create the tables, too.
resource dataTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(data.id, appPrincipalId, storageTableDataContributor)
  scope: data
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// The host's locks and keys, and the package that it runs.
resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, appPrincipalId, storageBlobDataOwner)
  scope: host
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataOwner)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Asked for by AzureWebJobsStorage, though no trigger here uses a queue.
resource hostQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, appPrincipalId, storageQueueDataContributor)
  scope: host
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// The host's diagnostic events.
resource hostTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, appPrincipalId, storageTableDataContributor)
  scope: host
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// To publish events.
resource eventsSend 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(eventGrid.id, appPrincipalId, eventGridDataSender)
  scope: eventGrid
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventGridDataSender)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// To manage tenants' webhooks. Event Grid's documentation asks whoever creates an event subscription for write access to its
// handler "that isn't a WebHook", and says nothing of where dead letters go; with deadLetterWithResourceIdentity it is the domain's
// identity that must have the role there, which it checks when the subscription is made. So the app gets no role on that account.
// Not tried on Azure: docs/deploy.md says what it would look like if that were wrong.
resource eventsSubscribe 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(eventGrid.id, appPrincipalId, eventGridEventSubscriptionContributor)
  scope: eventGrid
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      eventGridEventSubscriptionContributor
    )
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// To resolve the settings that are Key Vault references.
resource vaultSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(secrets.id, appPrincipalId, keyVaultSecretsUser)
  scope: secrets
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// To write telemetry.
resource insightsWrite 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(telemetry.id, appPrincipalId, monitoringMetricsPublisher)
  scope: telemetry
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// To write what could not be delivered, there and nowhere else in the account of the queues.
resource deadLettersWrite 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(data::blobs::container.id, domainPrincipalId, storageBlobDataContributor)
  scope: data::blobs::container
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: domainPrincipalId
    principalType: 'ServicePrincipal'
  }
}
