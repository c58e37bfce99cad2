metadata description = 'A storage account that nobody has a key of, with one blob container.'

@description('Its name.')
@minLength(3)
@maxLength(24)
param name string

@description('The region.')
param location string

@description('Tags.')
param tags object

@description('How often it is copied.')
param redundancy string

@description('Its container.')
param container string

@description('Days after which blobs in it are deleted; 0: never.')
param deleteAfterDays int = 0

@description('The workspace for metrics and logs.')
param workspaceId string

@description('Whether each request is logged.')
param logRequests bool

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource one 'containers' = {
      name: container
      properties: { publicAccess: 'None' }
    }
  }

  resource tables 'tableServices' = {
    name: 'default'
  }

  resource lifecycle 'managementPolicies' = if (deleteAfterDays > 0) {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            name: container
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['${container}/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: deleteAfterDays } } }
            }
          }
        ]
      }
    }
  }
}

resource blobDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'workspace'
  scope: account::blobs
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: logRequests }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource tableDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'workspace'
  scope: account::tables
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: logRequests }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

@description('The account.')
output id string = account.id

@description('Address of its tables, ending in a slash.')
output tableUri string = account.properties.primaryEndpoints.table

@description('Address of its blobs, ending in a slash.')
output blobUri string = account.properties.primaryEndpoints.blob
