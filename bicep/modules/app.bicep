metadata description = 'The function app, on Flex Consumption.'

@description('The scale of a Flex Consumption app.')
type scaleType = {
  @description('The most instances.')
  maximumInstanceCount: int

  @description('Memory of each, in MB.')
  instanceMemoryMB: int

  @description('Requests that each serves at a time.')
  perInstanceConcurrency: int

  @description('Instances kept ready for requests.')
  alwaysReadyInstances: int
}

@description('Its name.')
param name string

@description('The plan\'s name.')
param planName string

@description('The region.')
param location string

@description('Tags.')
param tags object

@description('The app\'s identity.')
param identityId string

@description('Address of the container that the code is in.')
param packagesUri string

@description('How it scales.')
param scale scaleType

@description('The workspace for metrics and logs.')
param workspaceId string

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'burrow' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    // No CORS here: the app answers it itself, and two that do spoil each other's answers.
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
    }
    functionAppConfig: {
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packagesUri
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      scaleAndConcurrency: {
        maximumInstanceCount: scale.maximumInstanceCount
        instanceMemoryMB: scale.instanceMemoryMB
        triggers: { http: { perInstanceConcurrency: scale.perInstanceConcurrency } }
        alwaysReady: scale.alwaysReadyInstances == 0
          ? []
          : [{ name: 'http', instanceCount: scale.alwaysReadyInstances }]
      }
    }
  }

  resource noScmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource noFtpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'workspace'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'FunctionAppLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Where it is reached.')
output url string = 'https://${app.properties.defaultHostName}'
