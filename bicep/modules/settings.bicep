metadata description = 'The function app\'s settings. Apart from the app, as they name its address.'

@description('The function app.')
param app string

@description('What the stamp needs.')
param settings object

@description('More settings of the section Burrow, by their names in it. They win.')
param more object

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: app

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(
      settings,
      toObject(items(more), setting => 'Burrow__${setting.key}', setting => string(setting.value))
    )
  }
}
