metadata description = 'Who the app is to storage, Event Grid, the vault and Application Insights.'

@description('Its name.')
param name string

@description('The region.')
param location string

@description('Tags.')
param tags object

// Its own resource rather than the app's: roles can be given before the app first starts.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Its resource.')
output id string = identity.id

@description('What tokens are asked for with.')
output clientId string = identity.properties.clientId

@description('What roles are given to.')
output principalId string = identity.properties.principalId
