from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('articles', '0001_initial'),
    ]

    atomic = False

    operations = [
        migrations.RenameModel('Label', 'Topic'),
        migrations.RenameField('Topic', 'name', 'word'),
        migrations.AlterField('Topic', 'word', models.CharField(max_length=20, unique=True)),
        migrations.RenameModel('Article', 'Story'),
        migrations.RenameField('Story', 'title', 'heading'),
        migrations.RenameField('Story', 'labels', 'topics'),
        migrations.RunSQL('UPDATE articles_story SET heading = substr(heading, 1, 100)'),
        migrations.AlterField('Story', 'heading', models.CharField(max_length=100)),
        migrations.RemoveField('Story', 'price'),
        migrations.RemoveField('Story', 'rating'),
        migrations.AddField('Story', 'language', models.CharField(max_length=2, default='en'), preserve_default=False),
        migrations.RenameField('Comment', 'article', 'story'),
    ]
